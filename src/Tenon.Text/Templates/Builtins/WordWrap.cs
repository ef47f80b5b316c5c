// The wordwrap filter: textwrap.wrap on every line, without expanding tabs or replacing white space.
using System.Numerics;
using System.Text.RegularExpressions;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Builtins;

/// <summary>Wraps text at a width.</summary>
internal static partial class WordWrap
{
    internal static object? Filter(object?[] a)
    {
        if (a[0] is Undefined u) throw u.Fail();
        var s = PyType.AsText(a[0])
            ?? throw new TemplateException("AttributeError", $"'{PyType.Name(a[0])}' object has no attribute 'splitlines'");
        var width = PyType.Index(Absent.Or(a[1], (BigInteger)79));
        var breakWords = PyType.Truth(Absent.Or(a[2], true));
        var end = Absent.Or(a[3], null) is { } w ? Repr.Str(w) : "\n";
        var hyphens = PyType.Truth(Absent.Or(a[4], true));
        if (width <= 0) throw TemplateException.Value($"invalid width {width} (must be > 0)");
        RenderBudget.ChargeSize(s.Length * 4L);
        return string.Join(end, PyText.SplitLines(s).Select(line => string.Join(end, Lines(line, width, breakWords, hyphens))));
    }

    private static List<string> Lines(string text, int width, bool breakWords, bool hyphens)
    {
        var chunks =
            new Stack<string>((hyphens ? Chunk().Matches(text).Select(m => m.Value)
            : WordOrSpace().Matches(text).Select(m => m.Value)).Reverse());
        var lines = new List<string>();
        while (chunks.Count > 0)
        {
            var line = new List<string>();
            var size = 0;
            if (lines.Count > 0 && IsBlank(chunks.Peek())) chunks.Pop();
            while (chunks.Count > 0 && size + PyText.Length(chunks.Peek()) <= width)
            {
                size += PyText.Length(chunks.Peek());
                line.Add(chunks.Pop());
            }
            if (chunks.Count > 0 && PyText.Length(chunks.Peek()) > width) BreakWord(chunks, line, width - size, width, breakWords, hyphens);
            if (line.Count > 0 && IsBlank(line[^1])) line.RemoveAt(line.Count - 1);
            if (line.Count > 0) lines.Add(string.Concat(line));
        }
        return lines;
    }

    private static void BreakWord(Stack<string> chunks, List<string> line, int room, int width, bool breakWords, bool hyphens)
    {
        if (!breakWords)
        {
            if (line.Count == 0) line.Add(chunks.Pop());
            return;
        }
        var left = width < 1 ? 1 : room;
        var word = chunks.Pop();
        var end = left;
        if (hyphens && PyText.Length(word) > left && PyText.Substring(word, 0, left).LastIndexOf('-') is > 0 and var hyphen
            && word[..hyphen].Any(c => c != '-')) end = hyphen + 1;
        line.Add(PyText.Substring(word, 0, end));
        chunks.Push(PyText.Substring(word, end, PyText.Length(word)));
    }

    private static bool IsBlank(string s) => s.All(PyText.IsSpace);

    // As textwrap's wordsep_re: white space, em-dashes, words that may break after a hyphen between letters.
    [GeneratedRegex(@"[\t\n\v\f\r ]+|-{2,}(?=\w)|(?:(?!-{2,}\w)[^\t\n\v\f\r ])+?(?:-(?:(?<=[\p{L}_]{2}-)|(?<=[\p{L}_]-[\p{L}_]-))(?=[\p{L}_]-?[\p{L}_])|(?=[\t\n\v\f\r ]|$)|(?<=[\w!""'&.,?])(?=-{2,}\w))", RegexOptions.CultureInvariant)]
    private static partial Regex Chunk();

    [GeneratedRegex(@"[\t\n\v\f\r ]+|[^\t\n\v\f\r ]+", RegexOptions.CultureInvariant)]
    private static partial Regex WordOrSpace();
}
