using System.Text;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Builtins;

/// <summary>HTML escapes of the filters <c>escape</c>, <c>forceescape</c>, <c>xmlattr</c> and <c>striptags</c>.</summary>
internal static class Html
{
    internal static string Escape(string s)
    {
        RenderBudget.ChargeSize(s.Length);
        return s.Replace("&", "&amp;").Replace(">", "&gt;").Replace("<", "&lt;").Replace("'", "&#39;").Replace("\"", "&#34;");
    }

    /// <summary>The text of a value as HTML: markup as it is, everything else escaped.</summary>
    internal static string Escaped(object? value) => value is Markup m ? m.Text : Escape(Repr.Str(value));

    /// <summary>Escapes strings, leaves everything else alone: what methods of markup do to their arguments.</summary>
    internal static object? EscapedIfText(object? value) => value is string s ? Escape(s) : value is Markup m ? m.Text : value;

    /// <summary>Removes comments and tags, joins white space, resolves the named entities that HTML escaping makes.</summary>
    internal static string StripTags(string s)
    {
        s = Cut(Cut(s, "<!--", "-->"), "<", ">");
        var words = Splitting.Split(s, Arguments.Of(), "split", false).Items.Cast<string>();
        return Unescape(string.Join(' ', words));
    }

    private static string Cut(string s, string open, string close)
    {
        RenderBudget.ChargeSize(s.Length);
        var to = new StringBuilder();
        var from = 0;
        while (s.IndexOf(open, from, StringComparison.Ordinal) is >= 0 and var start
            && s.IndexOf(close, start, StringComparison.Ordinal) is >= 0 and var end)
        {
            to.Append(s, from, start - from);
            from = end + close.Length;
        }
        return to.Append(s, from, s.Length - from).ToString();
    }

    private static string Unescape(string s) => System.Net.WebUtility.HtmlDecode(s);
}
