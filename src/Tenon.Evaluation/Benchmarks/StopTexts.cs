using Tenon.Models.Generation;
using Tenon.Text.Prompting;

namespace Tenon.Evaluation.Benchmarks;

/// <summary>Texts that end a completion: sampling stops once one of them stands in it, and the text is cut before the first.</summary>
internal static class StopTexts
{
    // A character may take several tokens (bytes), and the one that completes the stop text may bring more.
    private const int TokensACharacter = 4;

    public static StopRule Rule(IReadOnlyList<string> stops, PromptEncoder encoder)
    {
        var tail = TokensACharacter * stops.Max(s => s.Length) + TokensACharacter;
        return (_, ids) =>
        {
            var text = encoder.Decode(ids[Math.Max(0, ids.Length - tail)..]);
            return stops.Any(s => text.Contains(s, StringComparison.Ordinal));
        };
    }

    public static string Cut(string text, IReadOnlyList<string> stops)
    {
        var first = stops.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(text.Length).Min();
        return text[..first];
    }
}
