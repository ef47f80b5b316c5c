namespace Tenon.Text.Templates.Values;

/// <summary><c>split</c>, <c>rsplit</c>, <c>partition</c>, <c>rpartition</c>.</summary>
internal static class Splitting
{
    internal static PyList Split(string s, Arguments arguments, string name, bool fromRight)
    {
        var p = new Signature(name, "sep= maxsplit=").Bind(arguments);
        var separator = Absent.Or(p[0], null);
        var most = p[1] is Absent ? -1 : PyType.Index(p[1]);
        RenderBudget.ChargeSize(s.Length);
        if (separator is null) return new PyList(fromRight ? WordsFromRight(s, most) : Words(s, most));
        var mark = PyType.AsText(separator) ?? throw TemplateException.Type($"must be str or None, not {PyType.Name(separator)}");
        if (mark.Length == 0) throw TemplateException.Value("empty separator");
        return new PyList(fromRight ? PartsFromRight(s, mark, most) : Parts(s, mark, most));
    }

    internal static PyTuple Partition(string s, string mark, bool fromRight)
    {
        if (mark.Length == 0) throw TemplateException.Value("empty separator");
        var at = fromRight ? s.LastIndexOf(mark, StringComparison.Ordinal) : s.IndexOf(mark, StringComparison.Ordinal);
        if (at < 0) return fromRight ? new PyTuple("", "", s) : new PyTuple(s, "", "");
        return new PyTuple(s[..at], mark, s[(at + mark.Length)..]);
    }

    private static List<object?> Parts(string s, string mark, int most)
    {
        var parts = new List<object?>();
        var from = 0;
        for (var at = s.IndexOf(mark, StringComparison.Ordinal); at >= 0
            && most != 0; at = s.IndexOf(mark, from, StringComparison.Ordinal), most--)
        {
            parts.Add(s[from..at]);
            from = at + mark.Length;
        }
        parts.Add(s[from..]);
        return parts;
    }

    private static List<object?> PartsFromRight(string s, string mark, int most)
    {
        var parts = new List<object?>();
        var end = s.Length;
        for (; most != 0; most--)
        {
            var at = s.AsSpan(0, end).LastIndexOf(mark);
            if (at < 0) break;
            parts.Add(s[(at + mark.Length)..end]);
            end = at;
        }
        parts.Add(s[..end]);
        parts.Reverse();
        return parts;
    }

    private static List<object?> Words(string s, int most)
    {
        var words = new List<object?>();
        for (var i = 0; ;)
        {
            while (i < s.Length && PyText.IsSpace(s[i])) i++;
            if (i == s.Length) return words;
            if (most-- == 0)
            {
                words.Add(PyText.Strip(s[i..], null, left: false));
                return words;
            }
            var from = i;
            while (i < s.Length && !PyText.IsSpace(s[i])) i++;
            words.Add(s[from..i]);
        }
    }

    private static List<object?> WordsFromRight(string s, int most)
    {
        var words = new List<object?>();
        for (var i = s.Length; ;)
        {
            while (i > 0 && PyText.IsSpace(s[i - 1])) i--;
            if (i == 0) break;
            if (most-- == 0)
            {
                words.Add(PyText.Strip(s[..i], null, right: false));
                break;
            }
            var end = i;
            while (i > 0 && !PyText.IsSpace(s[i - 1])) i--;
            words.Add(s[i..end]);
        }
        words.Reverse();
        return words;
    }
}
