using System.Text;
using System.Text.Json;
using Tenon.MathAnswers.Extraction;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers;

/// <summary>A gold as a data file has it.</summary>
/// <param name="Line">The line or row, from 1.</param>
/// <param name="Gold">The value of its column; null where there is none.</param>
/// <param name="Problem">The question, where it is a text.</param>
/// <param name="Fault">Why the line could not be read; null where it could.</param>
public sealed record GoldLine(int Line, JsonElement? Gold, string? Problem, string? Fault = null);

/// <summary>
/// One thing that is wrong with a gold: the line, what kind (<c>unreadable</c>, <c>empty</c>, <c>object</c>, <c>list</c>,
/// <c>unparsable</c>, <c>ambiguous</c>, <c>duplicated</c>, <c>contradicting</c>), and the detail.
/// </summary>
public sealed record GoldFinding(int Line, string Kind, string Gold, string Detail);

/// <summary>Reads a data file's golds the way the verifier does, and reports those that a reward would judge badly.</summary>
public static class GoldAudit
{
    /// <summary>
    /// The findings of JSONL lines, in order. A line may have any columns; the gold stands in <paramref name="answerColumn"/>.
    /// </summary>
    public static IReadOnlyList<GoldFinding> Read(IEnumerable<string> lines, string answerColumn = "answer", string problemColumn =
        "problem") =>
        Read(lines.Select((text, i) => (Text: text, Number: i + 1)).Where(line => !string.IsNullOrWhiteSpace(line.Text))
        .Select(line => Line(line.Text, line.Number, answerColumn, problemColumn)));

    /// <summary>The findings of golds that were read from a file of any format.</summary>
    public static IReadOnlyList<GoldFinding> Read(IEnumerable<GoldLine> lines)
    {
        var findings = new List<GoldFinding>();
        var seen = new Dictionary<string, (int Line, string Gold)>(StringComparer.Ordinal);
        foreach (var (number, value, problem, fault) in lines)
        {
            if (fault is not null)
            {
                findings.Add(new GoldFinding(number, "unreadable", "", fault));
                continue;
            }
            var gold = value is { } given ? VerifierJson.Plain(given) : null;
            if (string.IsNullOrWhiteSpace(gold)) findings.Add(new GoldFinding(number, "empty", "", "no gold"));
            else if (value!.Value.ValueKind == JsonValueKind.Object)
                findings.Add(
                    new GoldFinding(number, "object", gold,
                    $"an object is no answer: name one of its values "
                    + $"({string.Join(", ", value.Value.EnumerateObject().Select(p => p.Name))})"));
            else if (value.Value.ValueKind == JsonValueKind.Array || GoldParts.Text(gold) != gold)
                findings.Add(new GoldFinding(number, "list", gold, "a list of answers: every one of them is wanted"));
            else if (Fault(gold) is var (kind, detail) && kind.Length > 0) findings.Add(new GoldFinding(number, kind, gold, detail));
            if (problem is null) continue;
            var key = Squeezed(problem);
            if (!seen.TryAdd(key, (number, gold ?? "")))
            {
                var first = seen[key];
                var agrees = new MathVerifier(RuleProfile.Lenient).Verify(first.Gold, gold ?? "").Correct == true;
                findings.Add(new GoldFinding(number, agrees ? "duplicated" : "contradicting", gold ?? "", agrees
                    ? $"same problem as line {first.Line}" : $"same problem as line {first.Line}, whose gold is {first.Gold}"));
            }
        }
        return findings;
    }

    private static GoldLine Line(string text, int number, string answerColumn, string problemColumn)
    {
        try
        {
            using var line = JsonDocument.Parse(text);
            if (line.RootElement.ValueKind != JsonValueKind.Object) return new GoldLine(number, null, null);
            JsonElement? gold = line.RootElement.TryGetProperty(answerColumn, out var g) && g.ValueKind != JsonValueKind.Null ? g.Clone()
                : null;
            var problem = line.RootElement.TryGetProperty(problemColumn, out var p) && p.ValueKind == JsonValueKind.String
                ? VerifierJson.Plain(p) : null;
            return new GoldLine(number, gold, problem);
        }
        catch (JsonException e)
        {
            return new GoldLine(number, null, null, JsonFault.Describe(e, text));
        }
    }

    private static (string Kind, string Detail) Fault(string gold)
    {
        var extracted = AnswerExtractor.Gold(gold);
        var reading = Reading.Of(extracted.Text);
        if (reading.Expr is null) return ("unparsable", "compared as text");
        if (reading.Alternative is { } other) return ("ambiguous", $"{reading.Expr} or {other}");
        if (reading.Expr is { Kind: ExprKind.List, Name: "or" }) return ("ambiguous", "alternatives: every one is wanted");
        if (reading.Expr.Any(e => e is { Kind: ExprKind.Call, Name: "log", Args.Length: 1 }))
            return ("ambiguous", "log without a base: base 10, or natural where the answer writes ln");
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
