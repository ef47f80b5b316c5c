using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Statistics;
using Tenon.Runs;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Reports;

/// <summary>
/// One evaluation, or all in a folder, as a self-contained HTML file: every figure with its interval, by subject and level, completions
/// with verdicts, and what the figures depend on.
/// </summary>
public static class EvaluationReport
{
    private const string Samples = "samples";
    private const int FingerprintDigits = 64;
    private const int ShownDigits = 12;

    /// <summary>The evaluations of a folder by their place in it: the folder itself, or what lies below.</summary>
    public static IReadOnlyList<(string Name, EvaluationResults Evaluation)> Read(string folder)
    {
        if (!Directory.Exists(folder)) return [];
        var found = Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).Prepend(folder).Order(StringComparer.Ordinal)
            .Where(path => EvaluationResults.Is(path) && Path.GetFileName(path) != Samples)
            .Select(path => (Path: path, Evaluation: EvaluationResults.Read(path))).ToList();
        var plain = found.DistinctBy(f => f.Evaluation.Benchmark).Count() == found.Count;
        return [.. found.Select(f => (plain ? f.Evaluation.Benchmark : Path.GetRelativePath(folder, f.Path), f.Evaluation))];
    }

    /// <summary>Writes the report; returns its path (<c>report.html</c> in the folder by default).</summary>
    /// <exception cref="TenonException">The folder holds no evaluation.</exception>
    public static string Write(string folder, string? path = null) =>
        Page(folder).Write(path ?? Path.Combine(folder, RunReport.FileName));

    /// <summary>Its charts, for files of their own.</summary>
    public static IReadOnlyList<ReportChart> Charts(string folder)
    {
        var all = Read(folder);
        return [.. all.SelectMany(e => Charts(e.Evaluation)
            .Select(chart => all.Count == 1 ? chart : chart with { Title = $"{e.Name}: {chart.Title}" }))];
    }

    private static ReportPage Page(string folder)
    {
        var all = Read(folder);
        if (all.Count == 0)
            throw new TenonException($"report on {folder}", "the folder of a run, of an evaluation or of a study, or a file of spectra",
                Directory.Exists(folder) ? "none of them" : "nothing there", usage: true);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        var page = new ReportPage(all.Count == 1 ? all[0].Name : name, Subtitle(all[0].Evaluation.Identity));
        foreach (var (title, evaluation) in all)
        {
            if (all.Count > 1) page.Heading(title);
            if (evaluation.IsText) Text(page, evaluation);
            else Benchmark(page, evaluation);
            page.Data[title] = new JsonObject
            {
                ["summary"] = evaluation.Summary.DeepClone(), ["identity"] = evaluation.Identity.DeepClone(),
            };
        }

        page.Heading("What the figures depend on");
        foreach (var (title, evaluation) in all)
            SettingsTable.Add(page, all.Count == 1 ? "all of it" : title, evaluation.Identity, isOpen: false);
        return page;
    }

    private static string Subtitle(JsonObject identity) => string.Join(" · ", new[]
    {
        Short("model", identity["model"]), Short("adapter", identity["adapter"]),
        RunReport.Text(identity["sampling"]?["temperature"]) is { } temperature ? $"temperature {temperature}" : null,
        RunReport.Text(identity["seed"]) is { } seed ? $"seed {seed}" : null,
    }.OfType<string>());

    // A fingerprint by its first digits, as folders of results are named.
    private static string? Short(string what, JsonNode? value) => RunReport.Text(value) is not { Length: > 0 } text ? null
        : text.Length == FingerprintDigits && text.All(char.IsAsciiHexDigit) ? $"{what} {text[..ShownDigits]}" : text;

    private static void Benchmark(ReportPage page, EvaluationResults e)
    {
        var mean = EvaluationMean.Of(e);
        if (!e.IsFinished)
            page.Sentences([$"Not finished: these are {e.Samples.Count} samples of it, and they are not a random part."]);
        page.Cards(Cards(e, mean));
        page.Charts(Charts(e));
        if (Figures(e) is { Rows.Count: > 0 } figures) page.Table(figures);
        foreach (var (part, word) in new[] { ("by_subject", "subject"), ("by_level", "level") })
            if (e.Summary[part] is JsonObject { Count: > 0 } parts)
                page.Table(Parts(parts, word));
        page.Html(Transcripts.Html(e.Samples));
    }

    private static IEnumerable<(string Label, string Value, string Note)> Cards(EvaluationResults e, Estimate? mean)
    {
        if (mean is not null)
            yield return ("avg@k", RunReport.Percent(mean.Mean), $"95 % {RunReport.Percent(mean.Low)} to {RunReport.Percent(mean.High)}, "
                + $"{mean.Problems} problems, {mean.Samples} samples");
        if (RunJson.Whole(e.Summary["k"]) is > 1 and var k)
        {
            var key = k.ToString(CultureInfo.InvariantCulture);
            yield return ($"pass@{key}", RunReport.Percent(RunJson.Number(e.Summary["pass_at"]?[key])), "any of them right");
            yield return ($"maj@{key}", RunReport.Percent(e["maj_at_k"]), "the answer most often given");
        }

        if (double.IsFinite(e["length_mean"]))
            yield return ("mean length", ResultCell.Three(e["length_mean"]).Text + " tokens", RunReport.Percent(e["truncated"])
                + " reached the limit");
        foreach (var (key, word) in new[] { ("unscorable", "golds that no rule can judge"), ("too_long", "prompts that do not fit") })
            if (e[key] > 0)
                yield return (word, ResultCell.Count(e[key]).Text, key == "too_long" ? "they count as wrong" : "they are left out");
    }

    private static IEnumerable<ReportChart> Charts(EvaluationResults e)
    {
        if (e.Summary["pass_at"] is JsonObject { Count: > 1 } passes)
        {
            var points = passes.Select(p => (K: double.Parse(p.Key, CultureInfo.InvariantCulture), Y: RunJson.Number(p.Value),
                Ends: e.Summary["pass_at_interval"]?[p.Key] as JsonArray)).OrderBy(p => p.K).ToList();
            double[] End(int which) => [.. points.Select(p => p.Ends is { Count: 2 } ends ? RunJson.Number(ends[which]) : double.NaN)];
            yield return new("pass@k", [.. points.Select(p => p.K)],
                [new("pass@k", [.. points.Select(p => p.Y)]) { Points = true, Joined = true, Band = (End(0), End(1)) }])
            {
                Share = true, Log = true, Main = true, XLabel = "k", Sentence = "with 95 % intervals",
            };
        }

        double[] shares = [.. e.Samples.Where(s => s.Correct is not null).GroupBy(s => s.Problem)
            .Select(g => g.Average(s => s.Correct == true ? 1.0 : 0)).Order()];
        if (shares.Length > 1 && e.Samples.Any(s => s.Sample > 0))
            yield return new("accuracy by problem", [.. Enumerable.Range(1, shares.Length).Select(i => (double)i)], [new("avg@k", shares)])
            {
                Share = true, FromZero = true, Main = true, XLabel = "problem", Sentence = "hardest first",
            };
    }

    private static ResultTable Figures(EvaluationResults e)
    {
        var table = new ResultTable("figures", "figure", "value", "95 % from", "to");
        void Add(string name, double value, JsonNode? ends, Func<double?, ResultCell> cell)
        {
            var both = ends as JsonArray;
            if (double.IsFinite(value))
                table.Add(name, cell(value), cell(RunJson.Number(both?[0])), cell(RunJson.Number(both?[1])));
        }

        var summary = e.Summary;
        ResultCell Share(double? x) => ResultCell.Percent(x);
        Add("avg@k", e["avg_at_k"], Pair("low", "high"), Share);
        foreach (var (k, value) in summary["pass_at"] as JsonObject ?? [])
            Add($"pass@{k}", RunJson.Number(value), summary["pass_at_interval"]?[k], Share);
        Add("maj@k", e["maj_at_k"], Pair("maj_low", "maj_high"), Share);
        Add("mG-Pass@k", e["g_pass_at_k"], summary["g_pass_at_k_interval"], Share);
        foreach (var (tau, value) in summary["g_pass_at"] as JsonObject ?? [])
            Add($"G-Pass@k at {tau}", RunJson.Number(value), summary["g_pass_at_interval"]?[tau], Share);
        Add("truncated", e["truncated"], summary["truncated_interval"], Share);
        Add("states an answer", e["format"], summary["format_interval"], Share);
        Add("mean length (tokens)", e["length_mean"], summary["length_mean_interval"], ResultCell.Three);
        foreach (var (key, word) in new[] { ("macro_subject", "mean over subjects"), ("macro_level", "mean over levels") })
            if (summary[key] is JsonObject macro)
                Add(word, RunJson.Number(macro["avg_at_k"]), new JsonArray(macro["low"]?.DeepClone(), macro["high"]?.DeepClone()), Share);
        return table.WithoutEmptyColumns();

        JsonArray Pair(string low, string high) => new(summary[low]?.DeepClone(), summary[high]?.DeepClone());
    }

    private static ResultTable Parts(JsonObject parts, string word)
    {
        var table = new ResultTable($"by {word}", word, "problems", "avg@k", "95 % from", "to", "maj@k", "truncated", "mean tokens");
        foreach (var (name, part) in parts)
        {
            ResultCell Share(string key) => ResultCell.Percent(RunJson.Number(part?[key]));
            table.Add(name, ResultCell.Count(RunJson.Number(part?["problems"])), Share("avg_at_k"), Share("low"), Share("high"),
                Share("maj_at_k"), Share("truncated"), ResultCell.Three(RunJson.Number(part?["length_mean"])));
        }

        return table.WithoutEmptyColumns();
    }

    private static void Text(ReportPage page, EvaluationResults e)
    {
        if (!e.IsFinished) page.Sentences([$"Not finished: {e.Documents.Count} documents are done."]);
        page.Cards(
        [
            ("perplexity", ResultCell.Three(e["perplexity"]).Text, double.IsFinite(e["low"])
                ? $"95 % {ResultCell.Three(e["low"]).Text} to {ResultCell.Three(e["high"]).Text}" : "no interval: a single window"),
            ("bits a byte", ResultCell.Three(e["bits_per_byte"]).Text, ""),
            ("documents", ResultCell.Count(e.Documents.Count).Text, $"{ResultCell.Count(e["tokens"]).Text} tokens"),
        ]);
    }
}
