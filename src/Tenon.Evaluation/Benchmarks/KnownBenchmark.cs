namespace Tenon.Evaluation.Benchmarks;

/// <summary>A benchmark file that is fetched by name.</summary>
/// <param name="Name">The name that people know it by.</param>
/// <param name="File">The file's name here: what <c>--benchmark</c> finds it by.</param>
/// <param name="Url">Where it is.</param>
/// <param name="Sha256">What its bytes must hash to; null where the address is not pinned to one version.</param>
public sealed record KnownBenchmark(string Name, string File, string Url, string? Sha256)
{
    private const string Hub = "https://huggingface.co";
    private const string Converted = "resolve/refs%2Fconvert%2Fparquet/default";

    /// <summary>All known ones.</summary>
    public static IReadOnlyList<KnownBenchmark> All { get; } =
    [
        new("MATH-500", "math500.jsonl",
            $"{Hub}/datasets/HuggingFaceH4/MATH-500/resolve/6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be/test.jsonl",
            "35dc41080a3680858b27fa7e0533d2d547825316fc5dafe5d316f4ccc5a06132"),
        new("AIME24", "aime24.parquet",
            $"{Hub}/datasets/HuggingFaceH4/aime_2024/resolve/2fe88a2f1091d5048c0f36abc874fb997b3dd99a/data/train-00000-of-00001.parquet",
            "26139847601a5037c237d5928b195e7260ca8074cf4f264b794af42847f79ccf"),
        new("AIME25", "aime25.jsonl", $"{Hub}/datasets/math-ai/aime25/resolve/563bb8404243c5f09de6ec262f2db674fe5bce9b/test.jsonl",
            "b4e273c02d3e7fe1b74b59eae768fc8230bfb0f79539890cb56f4361caac0331"),
        new("AMC23", "amc23.parquet",
            $"{Hub}/datasets/math-ai/amc23/resolve/80815d37005feb82cd7f8fbc6901d5d3eff43057/test-00000-of-00001.parquet", null),
        new("Minerva", "minerva.parquet", $"{Hub}/datasets/math-ai/minervamath/{Converted}/test/0000.parquet", null),
        new("HMMT25", "hmmt25.parquet", $"{Hub}/datasets/MathArena/hmmt_feb_2025/{Converted}/train/0000.parquet", null),
        new("GSM8K", "gsm8k.parquet", $"{Hub}/datasets/openai/gsm8k/resolve/main/main/test-00000-of-00001.parquet", null),
    ];

    /// <summary>
    /// The benchmark of a name, however its letters and dashes are written; with <c>HF_ENDPOINT</c> set, from that mirror.
    /// </summary>
    public static KnownBenchmark Find(string name)
    {
        static string Plain(string text) =>
            text.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        var found = All.FirstOrDefault(known => Plain(known.Name) == Plain(name))
            ?? throw new TenonException($"benchmark '{name}'", string.Join(", ", All.Select(known => known.Name)), name,
                Nearest.Of(name, All.Select(known => known.Name)) is { } near ? $"nearest: {near}"
                : "another file is fetched with --from URL", usage: true);
        var mirror = Environment.GetEnvironmentVariable("HF_ENDPOINT");
        return string.IsNullOrEmpty(mirror) ? found : found with { Url = mirror.TrimEnd('/') + found.Url[Hub.Length..] };
    }

    /// <summary>A file of an address of one's own, under the name that is asked for and with the address's ending.</summary>
    public static KnownBenchmark At(string name, string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new TenonException("--from", "an address that begins with http:// or https://", url, usage: true);
        if (name.AsSpan().IndexOfAny('/', '\\') >= 0 || name is "" or "." or "..")
            throw new TenonException("NAME", "a name without slashes", $"'{name}'", "--output DIR says the folder", usage: true);
        var known = All.FirstOrDefault(k => k.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        var file = Path.GetFileName(address.AbsolutePath);
        var ending = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? Path.GetExtension(file[..^3]) + ".gz"
            : Path.GetExtension(file);
        var stem = known is null ? name : Path.GetFileNameWithoutExtension(known.File);
        return new KnownBenchmark(name, Path.HasExtension(stem) ? stem : stem + (ending.Length == 0 ? ".jsonl" : ending), url, null);
    }
}
