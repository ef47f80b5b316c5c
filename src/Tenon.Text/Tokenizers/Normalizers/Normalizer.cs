using System.Text;
using Tenon.Text.Tokenizers.Patterns;
using Tenon.Text.Tokenizers.Unicode;

namespace Tenon.Text.Tokenizers.Normalizers;

/// <summary>One step that rewrites a stretch of text before it is split.</summary>
internal abstract class Normalizer
{
    /// <summary>The text after the step; the same object where nothing changes.</summary>
    public abstract string Apply(string text);
}

/// <summary>Unicode's form C.</summary>
internal sealed class NfcNormalizer : Normalizer
{
    public override string Apply(string text) => Nfc.Normalize(text);
}

/// <summary>Every character by itself in lower case (Rust's <c>char::to_lowercase</c>: no rule looks at the neighbours).</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    public override string Apply(string text)
    {
        var result = new StringBuilder(text.Length);
        Span<char> units = stackalloc char[2];
        foreach (var rune in text.EnumerateRunes())
            // One character has a lower case of two: capital I with dot above.
            if (rune.Value == 0x130) result.Append("i\u0307");
            else result.Append(units[..Rune.ToLowerInvariant(rune).EncodeToUtf16(units)]);
        return result.ToString();
    }
}

/// <summary>Puts a text before every stretch that is not empty.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override string Apply(string text) => text.Length == 0 ? text : prefix + text;
}

/// <summary>Puts a text in place of every match.</summary>
internal sealed class ReplaceNormalizer(Pattern pattern, string content) : Normalizer
{
    public override string Apply(string text)
    {
        if (!pattern.Find(text, 0, out var start, out var end)) return text;
        var result = new StringBuilder(text.Length);
        var done = 0;
        do
        {
            result.Append(text, done, start - done).Append(content);
            done = end;
        }
        while (pattern.Find(text, done, out start, out end));
        return result.Append(text, done, text.Length - done).ToString();
    }
}

/// <summary>Takes white space off the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override string Apply(string text)
    {
        int start = 0, end = text.Length;
        while (left && start < end && UnicodeClasses.Space.Contains(text[start])) start++;
        while (right && end > start && UnicodeClasses.Space.Contains(text[end - 1])) end--;
        return text[start..end];
    }
}
