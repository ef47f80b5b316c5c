using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Reports;

/// <summary>
/// Completions of a report: held-out problems before and after, of every kind of change and of none, then the best, the worst and some
/// others of the last
/// step. Which ones is settled by their ids, not by how they look.
/// </summary>
internal static class Transcripts
{
    private const int Each = 2;
    private const int LongestText = 4000;

    public static string Html(RunRecord run)
    {
        var html = new StringBuilder();
        foreach (var group in run.Evaluations.GroupBy(evaluation => evaluation.Benchmark))
        {
            if (group.Count() > 1) Pairs(html, group.Key, group.First(), group.Last());
        }

        var last = run.Last.Count > 0 ? run.Last : run.First;
        if (last.Count > 0) Step(html, last);
        if (run.Last.Count > 0 && run.First.Count > 0)
            Block(html, $"Step {Text(run.First[0].Step)}, the first: drawn blindly",
                [.. Blindly(run.First, s => s.Id + s.Sample).Take(2 * Each)]);
        return html.Length == 0 ? "" : $"<h2>Completions</h2>\n{html}";
    }

    /// <summary>Samples of an evaluation of every kind of verdict, and some that the limit cut.</summary>
    public static string Html(IReadOnlyList<EvaluationSample> samples)
    {
        var html = new StringBuilder();
        foreach (var (name, wanted) in new (string, Func<EvaluationSample, bool>)[]
        {
            ("right", s => s.Correct == true), ("wrong, and at an end", s => s.Correct == false && !s.IsTruncated),
            ("wrong, cut by the limit", s => s.Correct == false && s.IsTruncated), ("not judged", s => s.Correct is null),
        })
        {
            var some = samples.Where(wanted).ToList();
            if (some.Count == 0) continue;
            html.Append(CultureInfo.InvariantCulture, $"<h3>{name}: {some.Count} of {samples.Count}, drawn blindly</h3>\n");
            foreach (var sample in Blindly(some, s => $"{s.Problem} {s.Sample}").Take(2 * Each))
                html.Append(CultureInfo.InvariantCulture,
                    $"<div class=\"texts\">{Asked(sample.Question, sample.Gold)}{Cell("", sample.ToJson())}</div>\n");
        }

        return html.Length == 0 ? "" : $"<h2>Completions</h2>\n{html}";
    }

    private static void Pairs(StringBuilder html, string benchmark, EvaluationResults before, EvaluationResults after)
    {
        var now = after.Samples.DistinctBy(s => s.Problem).ToDictionary(s => s.Problem);
        var pairs = before.Samples.DistinctBy(s => s.Problem).Where(s => now.ContainsKey(s.Problem))
            .Select(s => (Before: s, After: now[s.Problem])).ToList();
        var kinds =
            new[] { (false, true, "wrong → right"), (true, false, "right → wrong"), (false, false, "wrong both times"),
            (true, true, "right both times") };
        var title = $"<h3>{ReportPage.E(benchmark)}, before and after (one sample a problem)</h3>\n";
        foreach (var (from, to, name) in kinds)
        {
            var some = pairs.Where(p => (p.Before.Correct == true) == from && (p.After.Correct == true) == to).ToList();
            if (some.Count == 0) continue;
            html.Append(title).Append(CultureInfo.InvariantCulture, $"<p>{name}: {some.Count} of {pairs.Count}</p>\n");
            title = "";
            foreach (var (then, later) in Blindly(some, p => p.Before.Problem).Take(Each))
            {
                html.Append("<div class=\"texts\">").Append(Asked(then.Question, then.Gold)).Append(Cell("before", then.ToJson()))
                    .Append(Cell("after", later.ToJson())).Append("</div>\n");
            }
        }
    }

    private static void Step(StringBuilder html, IReadOnlyList<SampleRecord> samples)
    {
        var step = Text(samples[0].Step);
        var ranked = Blindly(samples, s => s.Id + s.Sample).OrderByDescending(s => s.Reward).ToList();
        var most = ranked.Count >= 6 * Each ? 2 * Each : Each;
        Block(html, $"Step {step}, highest reward", [.. ranked.Take(most)]);
        if (ranked.Count > most) Block(html, $"Step {step}, lowest reward", [.. ranked.Skip(Math.Max(most, ranked.Count - most))]);
        var rest = ranked.Skip(most).SkipLast(most).ToList();
        if (rest.Count > 0) Block(html, $"Step {step}, drawn blindly", [.. Blindly(rest, s => s.Id + s.Sample).Take(2 * Each)]);
    }

    private static void Block(StringBuilder html, string title, IReadOnlyList<SampleRecord> samples)
    {
        html.Append(CultureInfo.InvariantCulture, $"<h3>{ReportPage.E(title)}</h3>\n");
        foreach (var sample in samples)
        {
            var reward = double.IsFinite(sample.Reward) ? "reward " + ResultCell.Three(sample.Reward).Text : "";
            html.Append(CultureInfo.InvariantCulture,
                $"<div class=\"texts\">{Asked(sample.Problem, sample.Answer)}{Cell(reward, sample.ToJson())}</div>\n");
        }
    }

    private static string Asked(string problem, string answer) =>
        $"<div><pre>{Cut(problem)}</pre><small>answer {Cut(answer)}</small></div>";

    private static string Cell(string label, JsonObject sample)
    {
        var (kind, word) = Right(sample) switch { null => ("skip", "not judged"), true => ("right", "right"), false => ("wrong", "wrong") };
        var cut = Text(sample["truncated"]) == "true" || Text(sample["finish"]) == "length" ? ", truncated" : "";
        var head = label.Length == 0 ? "" : $"<small>{ReportPage.E(label)}</small>";
        return $"<div>{head}<pre>{Cut(Text(sample["completion"] ?? sample["text"]))}</pre>" +
            $"<small class=\"{kind}\">{word}: {ReportPage.E(Text(sample["reason"]))}, {Text(sample["tokens"])} tokens{cut}</small></div>";
    }

    /// <summary>An order that depends on names alone: that of their hashes.</summary>
    private static IEnumerable<T> Blindly<T>(IEnumerable<T> items, Func<T, string> name) =>
        items.OrderBy(item => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name(item)))), StringComparer.Ordinal);

    private static bool? Right(JsonObject? sample) => RunJson.Flag(sample?["correct"]);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(JsonNode? node) => RunReport.Text(node) ?? "";

    private static string Cut(string text) =>
        ReportPage.E(text.Length <= LongestText ? text : text[..(LongestText / 2)] + "\n…\n" + text[^(LongestText / 2)..]);
}
