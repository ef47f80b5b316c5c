namespace Tenon.Rewards.Shaping;

/// <summary>Whether an answer thinks between tags first: what R1-style recipes reward.</summary>
public static class ThinkFormat
{
    private const string Open = "<think>", Close = "</think>";

    /// <summary>
    /// 1 where the text begins with the opening tag, closes it somewhere, and opens no second one anywhere; else 0. Case counts, and
    /// nothing may
    /// stand before the tag, not even white space.
    /// </summary>
    public static double Reward(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith(Open, StringComparison.Ordinal)) return 0;
        var rest = text[Open.Length..];
        return rest.Contains(Close, StringComparison.Ordinal) && !rest.Contains(Open, StringComparison.Ordinal) ? 1 : 0;
    }
}
