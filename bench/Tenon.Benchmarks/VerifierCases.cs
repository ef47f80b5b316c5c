using System.Globalization;
using System.Text.Json;
using Tenon.MathAnswers;

namespace Tenon.Benchmarks;

/// <summary>
/// Field cases judged: rows with <c>gold</c> (or <c>golds</c>), <c>completion</c> (or <c>answer</c>), what a person would say of it
/// (<c>expect</c> or <c>want</c>, true or false) and its <c>kind</c>. Prints the share judged so, by kind, and every miss. Other fields
/// of a row (<c>unit</c>, <c>thinking</c>, <c>truncated</c>, <c>profile</c> ...) mean what they mean to <c>tenon verify</c>.
/// </summary>
internal static class VerifierCases
{
    private const int Shown = 160;

    /// <summary>Judges all rows of the files; the exit code is 0 whatever they come to.</summary>
    public static void Run(IEnumerable<string> files, string profile)
    {
        var judge = new VerifyLines(RuleProfile.Find(profile), explain: true);
        var kinds = new SortedDictionary<string, (int Right, int All)>(StringComparer.Ordinal);
        var (rewarded, refused) = (0, 0);
        foreach (var line in files.SelectMany(File.ReadLines).Where(line => line.Trim().Length > 0))
        {
            using var row = JsonDocument.Parse(line);
            var (kind, want) = (Text(row, "kind") ?? "", Wanted(row));
            using var verdict = JsonDocument.Parse(judge.Answer(Question(row)));
            var said = verdict.RootElement.TryGetProperty("correct", out var correct) && correct.ValueKind == JsonValueKind.True;
            var (right, all) = kinds.GetValueOrDefault(kind);
            kinds[kind] = (right + (said == want ? 1 : 0), all + 1);
            if (said == want) continue;
            if (said) rewarded++;
            else refused++;
            Console.WriteLine($"{Text(row, "id") ?? kind}: {(said ? "rewarded" : "refused")}, gold {Text(row, "gold")}: "
                + $"{Tail(Text(row, "completion") ?? Text(row, "answer") ?? "")}");
            Console.WriteLine($"    {verdict.RootElement.GetRawText()}");
        }

        foreach (var (kind, (right, all)) in kinds) Console.WriteLine($"{kind,-16} {right} of {all}");
        var (sum, count) = (kinds.Values.Sum(k => k.Right), kinds.Values.Sum(k => k.All));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{RuleProfile.Find(profile).Id}: {sum} of {count} as a person would "
            + $"({100.0 * sum / Math.Max(1, count):0.0} %), {rewarded} wrongly rewarded, {refused} wrongly refused"));
    }

    // The row as tenon verify takes it.
    private static string Question(JsonDocument row)
    {
        var fields = row.RootElement.EnumerateObject().Where(f => f.Name is not ("expect" or "want" or "kind" or "why" or "id"))
            .ToDictionary(f => f.Name == "completion" ? "answer" : f.Name, f => f.Value);
        return JsonSerializer.Serialize(fields);
    }

    private static bool Wanted(JsonDocument row) =>
        (row.RootElement.TryGetProperty("expect", out var expect) || row.RootElement.TryGetProperty("want", out expect))
        && expect.ValueKind is JsonValueKind.True or JsonValueKind.False ? expect.GetBoolean()
        : throw new TenonException("A field case", "true or false in 'expect' or 'want'", row.RootElement.GetRawText(), usage: true);

    private static string? Text(JsonDocument row, string field) =>
        row.RootElement.TryGetProperty(field, out var value) ? value.ToString() : null;

    private static string Tail(string text) => (text.Length > Shown ? "..." + text[^Shown..] : text).ReplaceLineEndings(" / ");
}
