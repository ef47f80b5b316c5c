using Tenon.Evaluation.Benchmarks;

namespace Tenon.Training.Settings;

/// <summary>Evaluation on held-out problems: before the first step, during the run, and after the last.</summary>
public sealed record EvaluateSettings : ISettings
{
    /// <summary>Problems of <c>held-out</c> where <see cref="Problems"/> names no number.</summary>
    public const int HeldOutProblems = TaskBenchmarks.UsualProblems;

    /// <summary>Every so many steps; 0 only before and after.</summary>
    [Bounds(0, 10_000_000)]
    public int Every { get; init; }

    /// <summary>
    /// <c>NAME@K</c>, K samples a problem: NAME is a JSONL file, NAME.jsonl in the data folder, <c>held-out</c> (problems of the run's
    /// own task that are never trained on) or <c>TASK:LEVEL</c> (those of another task).
    /// </summary>
    public IReadOnlyList<string> Benchmarks { get; init; } = [];

    /// <summary>
    /// Texts whose perplexity is taken beside the benchmarks, to see what is forgotten: a plain file or a folder of them (a document each),
    /// or a data file with a column <c>text</c> (a document a row).
    /// </summary>
    public IReadOnlyList<string> Texts { get; init; } = [];

    /// <summary>The folder of benchmark files.</summary>
    public string Data { get; init; } = "data";

    /// <summary>
    /// The columns of a benchmark's file, by its name; where none are named, those of the training data come first, then the usual names.
    /// </summary>
    public IReadOnlyDictionary<string, BenchmarkColumns>? Columns { get; init; }

    /// <summary>Only the first so many problems of a benchmark; null is all (128 for <c>held-out</c>).</summary>
    [Bounds(1, 1_000_000_000)]
    public int? Problems { get; init; }

    /// <summary>
    /// The seed of the held-out problems and of the samples; runs that differ by the recipe's <c>seed</c> alone are thus asked the same,
    /// and compare problem by problem.
    /// </summary>
    [Bounds(0, long.MaxValue)]
    public long Seed { get; init; } = 42;

    /// <summary>The temperature; 0 is greedy.</summary>
    [Bounds(0, 100)]
    public double Temperature { get; init; } = 1;

    /// <summary>The length at which a completion is cut; null is the rollout's.</summary>
    [Bounds(1, 10_000_000)]
    public int? MaxNewTokens { get; init; }

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (Every > 0 && Benchmarks.Count + Texts.Count == 0)
            yield return new("every", $"{Every}, but there is no benchmark", "benchmarks: [NAME@K]");
        foreach (var text in Benchmarks)
            if (!BenchmarkName.TryParse(text, out _))
                yield return new("benchmarks", $"'{text}' is no benchmark", "NAME@K with K of 1 or more, such as gsm8k@4");
        foreach (var twice in Benchmarks.GroupBy(name => name).Where(same => same.Count() > 1))
            yield return new("benchmarks", $"'{twice.Key}' stands there {twice.Count()} times", "each benchmark once");
        foreach (var twice in Texts.GroupBy(Path.GetFileNameWithoutExtension).Where(same => same.Count() > 1))
            yield return new("texts", $"'{twice.Key}' names {twice.Count()} of them", "texts of different names");
        var names = Benchmarks.Where(text => BenchmarkName.TryParse(text, out _))
            .Select(text => BenchmarkName.TryParse(text, out var name) ? name.Name : "").ToList();
        foreach (var name in Columns?.Keys ?? [])
            if (!names.Contains(name))
                yield return new("columns", $"'{name}' is no benchmark of this run", names.Count == 0 ? "benchmarks: [NAME@K]"
                    : string.Join(", ", names));
    }
}

/// <summary>The columns of one benchmark's file.</summary>
public sealed record BenchmarkColumns : ISettings
{
    /// <summary>The column of the question.</summary>
    public string? ProblemColumn { get; init; }

    /// <summary>The column of the gold answer.</summary>
    public string? AnswerColumn { get; init; }

    /// <summary>The column of the id.</summary>
    public string? IdColumn { get; init; }
}

/// <summary>A benchmark and its number of samples a problem, written <c>NAME@K</c>; <c>NAME</c> alone is one sample.</summary>
/// <param name="Name">The file, the name in the data folder, or <c>held-out</c>.</param>
/// <param name="Samples">Samples a problem.</param>
public sealed record BenchmarkName(string Name, int Samples)
{
    /// <summary>Reads <c>NAME@K</c>.</summary>
    public static bool TryParse(string text, out BenchmarkName name)
    {
        var at = text.LastIndexOf('@');
        name = new BenchmarkName(at < 0 ? text : text[..at], 1);
        if (at >= 0)
        {
            if (!int.TryParse(text.AsSpan(at + 1), System.Globalization.NumberStyles.None,
                System.Globalization.CultureInfo.InvariantCulture, out var k) || k < 1) return false;
            name = name with { Samples = k };
        }
        return name.Name.Length > 0;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}@{Samples}";
}
