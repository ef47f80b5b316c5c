using System.Text.Json;

namespace Tenon.MathAnswers;

/// <summary>
/// A gold that a data file writes as a JSON list of texts, <c>["2","3"]</c>: one answer of several parts, all of which are wanted, in any
/// order. It is no
/// interval, although <c>[2,3]</c> is one; alternatives, of which any will do, are <c>golds</c>.
/// </summary>
internal static class GoldParts
{
    /// <summary>The parts side by side, as a person writes a list of answers; any other text as it is.</summary>
    public static string Text(string gold)
    {
        var text = gold.AsSpan().Trim();
        if (text is not ['[', .., ']'] || text[1..].TrimStart() is not ['"', ..]) return gold;
        try
        {
            using var list = JsonDocument.Parse(gold);
            if (list.RootElement.EnumerateArray().All(part => part.ValueKind == JsonValueKind.String))
                return string.Join(", ", list.RootElement.EnumerateArray().Select(part => part.GetString()!.Trim()));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A text that only looks like one.
        }

        return gold;
    }
}
