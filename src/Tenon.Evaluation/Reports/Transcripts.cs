using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Runs;

namespace Tenon.Evaluation.Reports;

/// <summary>Completions of a report: the same held-out problems before and after, then some of the first and of the last step.</summary>
internal static class Transcripts
{
    private const int Shown = 6;
    private const int LongestText = 4000;

    public static string Html(RunRecord run)
    {
        var html = new StringBuilder();
        foreach (var group in run.Evaluations.GroupBy(evaluation => evaluation.Benchmark))
            if (group.Count() > 1) Pairs(html, group.Key, group.First().Json, group.Last().Json);
        if (run.First.Count > 0) Step(html, run.First);
        if (run.Last.Count > 0) Step(html, run.Last);
        return html.Length == 0 ? "" : $"<h2>Completions</h2>\n{html}";
    }

    private static void Pairs(StringBuilder html, string benchmark, JsonObject before, JsonObject after)
    {
        var then = Problems(before);
        var now = Problems(after).ToDictionary(problem => Text(problem["id"]), problem => problem);
        var pairs = then.Where(problem => now.ContainsKey(Text(problem["id"])) && Sample(problem) is not null && Sample(now[Text(problem["id"])]) is not null).ToList();
        if (pairs.Count == 0) return;
        // Problems whose verdict changed say most; then the order of the file.
        var chosen = pairs.OrderByDescending(problem => Right(Sample(problem)) != Right(Sample(now[Text(problem["id"])]))).Take(Shown);
        html.Append(CultureInfo.InvariantCulture, $"<h3>{RunReport.E(benchmark)}, before and after</h3>\n<table class=\"texts\"><tr><th>problem</th><th>before</th><th>after</th></tr>\n");
        foreach (var problem in chosen)
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Cut(Text(problem["problem"]))}<small>answer {Cut(Text(problem["answer"]))}</small></td>{Cell(Sample(problem))}{Cell(Sample(now[Text(problem["id"])]))}</tr>\n");
        html.Append("</table>\n");
    }

    private static void Step(StringBuilder html, IReadOnlyList<SampleRecord> lines)
    {
        html.Append(CultureInfo.InvariantCulture, $"<h3>Step {lines[0].Step}</h3>\n<table class=\"texts\"><tr><th>problem</th><th>completion</th></tr>\n");
        // One completion of each group first, so that the few that are shown belong to different problems.
        foreach (var line in lines.OrderBy(line => line.Sample).Take(Shown))
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Cut(line.Problem)}<small>answer {Cut(line.Answer)}</small></td>{Cell(line.ToJson())}</tr>\n");
        html.Append("</table>\n");
    }

    private static string Cell(JsonObject? sample)
    {
        if (sample is null) return "<td></td>";
        var right = Right(sample);
        var (kind, word) = right is null ? ("skip", "not judged") : right.Value ? ("right", "right") : ("wrong", "wrong");
        return $"<td><pre>{Cut(Text(sample["completion"]))}</pre><small class=\"{kind}\">{word}: {RunReport.E(Text(sample["reason"]))}, {Text(sample["tokens"])} tokens{(Text(sample["truncated"]) == "true" ? ", truncated" : "")}</small></td>";
    }

    private static IEnumerable<JsonObject> Problems(JsonObject evaluation) => (evaluation["problems"] as JsonArray)?.OfType<JsonObject>() ?? [];

    private static JsonObject? Sample(JsonObject problem) => (problem["samples"] as JsonArray)?.OfType<JsonObject>().FirstOrDefault();

    private static bool? Right(JsonObject? sample) => sample?["correct"] is JsonValue value && value.TryGetValue<bool>(out var right) ? right : null;

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node?.ToJsonString() ?? "";

    private static string Cut(string text) => RunReport.E(text.Length <= LongestText ? text : text[..(LongestText / 2)] + "\n…\n" + text[^(LongestText / 2)..]);
}
