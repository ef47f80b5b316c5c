using System.Text;
using Tenon.Text.Tokenizers.Patterns;
using Tenon.Text.Tokenizers.Unicode;

namespace Tenon.Text.Tokenizers.PreTokenizers;

/// <summary>What becomes of the matches of a splitting pattern.</summary>
internal enum SplitBehavior
{
    Isolated,
    Removed,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>One step that cuts pieces further; each piece is looked at by itself.</summary>
internal abstract class PreTokenizer
{
    /// <summary>The text and its pieces after this step; a step that only cuts gives the same text back.</summary>
    public virtual string Apply(string text, List<(int Start, int End)> pieces, List<(int Start, int End)> finer)
    {
        foreach (var (start, end) in pieces) Split(text, start, end, finer);
        return text;
    }

    /// <summary>Appends the pieces of text[start..end].</summary>
    protected abstract void Split(string text, int start, int end, List<(int Start, int End)> pieces);

    /// <summary>From stretches (matched or not, covering the piece in order) to pieces.</summary>
    protected static void Emit(List<(int Start, int End, bool Match)> stretches, SplitBehavior behavior, List<(int Start, int End)> pieces)
    {
        var first = pieces.Count;
        var previousMatch = false;
        (int Start, int End)? waiting = null;
        foreach (var (start, end, match) in stretches)
        {
            if (start == end) continue;
            switch (behavior)
            {
                case SplitBehavior.Removed when match:
                    break;
                case SplitBehavior.MergedWithPrevious when match && !previousMatch && pieces.Count > first:
                case SplitBehavior.Contiguous when match == previousMatch && pieces.Count > first:
                    pieces[^1] = (pieces[^1].Start, end);
                    break;
                case SplitBehavior.MergedWithNext when match:
                    if (waiting is { } alone) pieces.Add(alone);
                    waiting = (start, end);
                    break;
                case SplitBehavior.MergedWithNext when waiting is { } before:
                    pieces.Add((before.Start, end));
                    waiting = null;
                    break;
                default:
                    pieces.Add((start, end));
                    break;
            }

            previousMatch = match;
        }

        if (waiting is { } rest) pieces.Add(rest);
    }
}

/// <summary>Splits by a pattern; the pattern sees one piece at a time, so look-ahead ends at the piece.</summary>
internal sealed class PatternSplit(Pattern pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    protected override void Split(string text, int start, int end, List<(int Start, int End)> pieces)
    {
        var piece = text.AsSpan(start, end - start);
        if (behavior == SplitBehavior.Isolated)
        {
            var done = 0;
            while (pattern.Find(piece, done, out var from, out var to))
            {
                if (from > done) pieces.Add((start + done, start + from));
                pieces.Add((start + from, start + to));
                done = to;
            }

            if (done < piece.Length) pieces.Add((start + done, end));
            return;
        }

        var stretches = new List<(int, int, bool)>();
        var at = 0;
        while (pattern.Find(piece, at, out var from, out var to))
        {
            stretches.Add((start + at, start + from, invert));
            stretches.Add((start + from, start + to, !invert));
            at = to;
        }

        stretches.Add((start + at, end, invert));
        Emit(stretches, behavior, pieces);
    }
}

/// <summary>Splits off digits (every numeric character), one by one or run by run.</summary>
internal sealed class DigitSplit(bool individual) : PreTokenizer
{
    protected override void Split(string text, int start, int end, List<(int Start, int End)> pieces)
    {
        var stretches = new List<(int, int, bool)>();
        for (var i = start; i < end;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i, end - i), out var rune, out var width);
            stretches.Add((i, i + width, UnicodeClasses.Digits.Contains(rune.Value)));
            i += width;
        }

        // Neighbours that are no digits belong together; digits only where they are not split one by one.
        var merged = new List<(int, int, bool)>();
        foreach (var (from, to, digit) in stretches)
            if (merged.Count > 0 && merged[^1].Item3 == digit && (!digit || !individual)) merged[^1] = (merged[^1].Item1, to, digit);
            else merged.Add((from, to, digit));
        foreach (var (from, to, _) in merged) pieces.Add((from, to));
    }
}

/// <summary>Puts a space before every piece that does not begin with one (<c>add_prefix_space</c>).</summary>
internal sealed class PrefixSpace : PreTokenizer
{
    public override string Apply(string text, List<(int Start, int End)> pieces, List<(int Start, int End)> finer)
    {
        var result = new StringBuilder(text.Length + pieces.Count);
        foreach (var (start, end) in pieces)
        {
            var at = result.Length;
            if (start == end || text[start] != ' ') result.Append(' ');
            result.Append(text, start, end - start);
            finer.Add((at, result.Length));
        }
        return result.ToString();
    }

    protected override void Split(string text, int start, int end, List<(int Start, int End)> pieces) => throw new NotSupportedException();
}
