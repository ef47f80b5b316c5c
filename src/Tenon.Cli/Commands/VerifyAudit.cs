using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.MathAnswers;
using Tenon.Rewards.Data;

namespace Tenon.Cli.Commands;

/// <summary>
/// What <c>tenon verify --audit</c> prints: faults of golds, or, with a column of verdicts, every answer on which that column and we
/// differ.
/// </summary>
internal static class VerifyAudit
{
    private const int LongestShown = 100;

    public static void Golds(string file, string? column, bool json, Terminal terminal)
    {
        var count = 0;
        var remarks = new List<string>();
        var lines = GoldLines.Of(file, column, remarks);
        var findings = GoldAudit.Read(lines.Select(line => { count++; return line; }));
        foreach (var f in findings)
            terminal.Out.WriteLine(json ? JsonSerializer.Serialize(new { line = f.Line, kind = f.Kind, gold = f.Gold, detail = f.Detail })
                : $"line {f.Line}: {f.Kind}: {Short(f.Gold)} ({Cut(f.Detail)})");
        var kinds = findings.GroupBy(f => f.Kind).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}");
        foreach (var remark in remarks) terminal.Error.WriteLine($"note: {remark}");
        terminal.Error.WriteLine($"{count} lines, {findings.Count} findings: {string.Join(", ", kinds)}");
    }

    public static void Verdicts(string file, VerdictAudit audit, string column, bool json, Terminal terminal)
    {
        if (audit.Compared == 0)
            throw new TenonException($"Data file {file}", $"lines with a gold, a completion and a verdict in '{column}'",
                $"none of {audit.Unread} lines",
                "name the columns with --answer-column (the gold), --completion-column and --verdict-column");
        foreach (var d in audit.Differences) terminal.Out.WriteLine(json ? Json(d) : Line(d));
        var (theirs, ours) = (audit.OnlyTheirs.ToList(), audit.OnlyOurs.ToList());
        if (json)
        {
            terminal.Out.WriteLine(new JsonObject
            {
                ["compared"] = audit.Compared,
                ["both_right"] = audit.BothRight,
                ["both_wrong"] = audit.BothWrong,
                ["only_theirs"] = theirs.Count,
                ["only_ours"] = ours.Count,
                ["unstated"] = theirs.Count(d => !d.States),
                ["unread"] = audit.Unread,
                ["only_theirs_reasons"] = Reasons(theirs),
                ["only_ours_reasons"] = Reasons(ours),
            }.ToJsonString());
            return;
        }

        terminal.Out.WriteLine(
            $"{audit.Compared} answers compared: {audit.BothRight} right and {audit.BothWrong} wrong for both{(audit.Unread > 0 ? $"; "
            + $"{audit.Unread} lines left out" : "")}");
        terminal.Out.WriteLine($"  {theirs.Count} that '{column}' accepts and we reject{Counts(theirs)}");
        if (theirs.Exists(d => !d.States))
            terminal.Out.WriteLine($"    {theirs.Count(d => !d.States)} of them state no answer and only end in the gold");
        terminal.Out.WriteLine($"  {ours.Count} that we accept and '{column}' rejects{Counts(ours)}");
    }

    private static string Line(VerdictDifference d)
    {
        var found = d.Ours.Extracted is { Length: > 0 } text ? $"read as {text}" : "nothing read";
        return $"line {d.Line}: {(d.Theirs ? "they accept, we reject" : "we accept, they reject")} ({d.Ours.Reason}): gold "
            + $"{Short(d.Gold)}, {found}: {Short(d.Answer)}";
    }

    private static string Json(VerdictDifference d) => new JsonObject
    {
        ["line"] = d.Line,
        ["ours"] = d.Ours.Correct,
        ["theirs"] = d.Theirs,
        ["reason"] = d.Ours.Reason,
        ["rules"] = d.Ours.Rules,
        ["gold"] = d.Gold,
        ["extracted"] = d.Ours.Extracted,
        ["states"] = d.States,
        ["answer"] = d.Answer,
    }.ToJsonString();

    private static string Short(string text)
    {
        var line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= LongestShown ? line : "..." + line[^LongestShown..];
    }

    private static string Cut(string text) => text.Length <= 2 * LongestShown ? text : text[..(2 * LongestShown)] + "...";

    private static string Counts(List<VerdictDifference> differences) =>
        differences.Count == 0 ? "" : ": " + string.Join(", ", Grouped(differences).Select(g => $"{g.Reason} {g.Count}"));

    private static JsonObject Reasons(List<VerdictDifference> differences) =>
        new(Grouped(differences).Select(g => KeyValuePair.Create(g.Reason, (JsonNode?)JsonValue.Create(g.Count))));

    private static IEnumerable<(string Reason, int Count)> Grouped(List<VerdictDifference> differences) =>
        differences.GroupBy(d => d.Ours.Reason).Select(g => (g.Key, g.Count())).OrderByDescending(g => g.Item2)
        .ThenBy(g => g.Key, StringComparer.Ordinal);
}
