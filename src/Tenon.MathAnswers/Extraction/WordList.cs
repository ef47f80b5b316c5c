namespace Tenon.MathAnswers.Extraction;

/// <summary>
/// Words and phrases that are looked for in sentences, case aside. The first two letters decide in one step whether any of them can
/// begin at a place, so that a pass costs about as much as reading the sentence: a search for many strings at once that ignores the
/// case of all scripts costs several times that.
/// </summary>
internal sealed class WordList
{
    private const int Size = 2048;

    private readonly ulong[] _begins = new ulong[Size / 64];
    private readonly string[][] _entries = new string[Size][];
    private readonly string _letters = "";

    /// <summary>A list of words of two letters and more; of one letter only in scripts without spaces.</summary>
    public WordList(params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (word.Length == 1)
            {
                _letters += word;
                continue;
            }

            var bucket = Bucket(word[0], word[1]);
            _begins[bucket >> 6] |= 1UL << (bucket & 63);
            _entries[bucket] = [.. _entries[bucket] ?? [], word];
        }
    }

    /// <summary>True where a word of the list begins where a word of the text begins (anywhere in scripts without spaces).</summary>
    public bool Holds(ReadOnlySpan<char> text) => Next(text, 0) >= 0;

    /// <summary>The first place from <paramref name="from"/> on where a word of both list and text begins, or -1.</summary>
    public int Next(ReadOnlySpan<char> text, int from)
    {
        for (var i = from; i < text.Length; i++)
            if ((i == 0 || !char.IsLetter(text[i - 1]) || AnswerExtractor.IsUnspaced(text[i])) && BeginsAt(text, i)) return i;
        return -1;
    }

    /// <summary>The first place where a word of the list stands, within a word too, or -1.</summary>
    public int IndexIn(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
            if (BeginsAt(text, i)) return i;
        return -1;
    }

    /// <summary>True where the text begins with a word of the list.</summary>
    public bool Begins(ReadOnlySpan<char> text) => text.Length > 0 && BeginsAt(text, 0);

    private bool BeginsAt(ReadOnlySpan<char> text, int at)
    {
        if (text[at] > 127 && _letters.Contains(text[at], StringComparison.Ordinal)) return true;
        var bucket = Bucket(text[at], at + 1 < text.Length ? text[at + 1] : ' ');
        if ((_begins[bucket >> 6] & (1UL << (bucket & 63))) == 0) return false;
        var rest = text[at..];
        foreach (var entry in _entries[bucket])
            if (rest.StartsWith(entry, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    private static int Bucket(char first, char second) => (Upper(first) * 67 + Upper(second)) & (Size - 1);

    private static int Upper(char c) => c < 128 ? (uint)(c - 'a') < 26 ? c & ~32 : c : char.ToUpperInvariant(c);
}
