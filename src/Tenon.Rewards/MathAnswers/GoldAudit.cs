using System.Text;
using System.Text.Json;
using Tenon.Rewards.MathAnswers.Extraction;
using Tenon.Rewards.MathAnswers.Parsing;

namespace Tenon.Rewards.MathAnswers;

/// <summary>One thing that is wrong with a gold: the line, what kind (<c>empty</c>, <c>unparsable</c>, <c>ambiguous</c>, <c>duplicated</c>, <c>contradicting</c>), and the detail.</summary>
public sealed record GoldFinding(int Line, string Kind, string Gold, string Detail);

/// <summary>Reads a data file's golds the way the verifier does, and reports those that a reward would judge badly.</summary>
public static class GoldAudit
{
    /// <summary>The findings of JSONL lines, in order. A line may have any columns; the gold stands in <paramref name="answerColumn"/>.</summary>
    public static IReadOnlyList<GoldFinding> Read(IEnumerable<string> lines, string answerColumn = "answer", string problemColumn = "problem")
    {
        var findings = new List<GoldFinding>();
        var seen = new Dictionary<string, (int Line, string Gold)>(StringComparer.Ordinal);
        var number = 0;
        foreach (var text in lines)
        {
            number++;
            if (string.IsNullOrWhiteSpace(text)) continue;
            string? gold = null;
            string? problem = null;
            try
            {
                using var line = JsonDocument.Parse(text);
                if (line.RootElement.ValueKind == JsonValueKind.Object)
                {
                    if (line.RootElement.TryGetProperty(answerColumn, out var g) && g.ValueKind != JsonValueKind.Null) gold = g.ValueKind == JsonValueKind.String ? g.GetString() : g.GetRawText();
                    if (line.RootElement.TryGetProperty(problemColumn, out var p) && p.ValueKind == JsonValueKind.String) problem = p.GetString();
                }
            }
            catch (JsonException e)
            {
                findings.Add(new GoldFinding(number, "unreadable", "", e.Message));
                continue;
            }
            if (string.IsNullOrWhiteSpace(gold)) findings.Add(new GoldFinding(number, "empty", "", $"no '{answerColumn}'"));
            else if (Fault(gold) is var (kind, detail) && kind.Length > 0) findings.Add(new GoldFinding(number, kind, gold, detail));
            if (problem is null) continue;
            var key = Squeezed(problem);
            if (!seen.TryAdd(key, (number, gold ?? "")))
            {
                var first = seen[key];
                var agrees = new MathVerifier().Verify(first.Gold, gold ?? "").Correct == true;
                findings.Add(new GoldFinding(number, agrees ? "duplicated" : "contradicting", gold ?? "", agrees ? $"same problem as line {first.Line}" : $"same problem as line {first.Line}, whose gold is {first.Gold}"));
            }
        }
        return findings;
    }

    private static (string Kind, string Detail) Fault(string gold)
    {
        var extracted = AnswerExtractor.Gold(gold);
        var reading = Reading.Of(extracted.Text);
        if (reading.Expr is null) return ("unparsable", "compared as text");
        if (reading.Alternative is { } other) return ("ambiguous", $"{reading.Expr} or {other}");
        if (reading.Expr is { Kind: ExprKind.List, Name: "or" }) return ("ambiguous", "alternatives: every one is wanted");
        if (reading.Expr.Any(e => e is { Kind: ExprKind.Call, Name: "log", Args.Length: 1 })) return ("ambiguous", "log without a base: base 10, or natural where the answer writes ln");
        return ("", "");
    }

    private static string Squeezed(string text)
    {
        var b = new StringBuilder(text.Length);
        foreach (var c in text)
            if (!char.IsWhiteSpace(c)) b.Append(c);
        return b.ToString();
    }
}
