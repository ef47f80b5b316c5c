using System.Text.RegularExpressions;

namespace Tenon.MathAnswers.Extraction;

/// <summary>Tags of HTML in a completion (a paragraph, bold type): looks, and no part of what it says.</summary>
internal static partial class HtmlMarkup
{
    /// <summary>The text without the tags, powers and indices kept; the text itself where its last closing tag is none of HTML.</summary>
    public static string Plain(string text)
    {
        var at = text.LastIndexOf("</", StringComparison.Ordinal);
        if (at < 0 || !Closing().IsMatch(text.AsSpan(at)) && !text.Contains("<br", StringComparison.OrdinalIgnoreCase)) return text;
        return Tags().Replace(Indices().Replace(text, m => (m.Groups[1].ValueSpan[2] is 'p' or 'P' ? "^{"
            : "_{") + m.Groups[2].Value + "}"),
            m => m.Groups[1].Success ? "\n" : "");
    }

    [GeneratedRegex(@"\A</(?:p|b|i|u|em|strong|span|div|h[1-6]|li|ul|ol|td|tr|table|tbody|center|sup|sub|mark|font|body|html)>",
        RegexOptions.IgnoreCase)]
    private static partial Regex Closing();

    [GeneratedRegex(@"<(sup|sub)>([^<]{1,20})</\1>", RegexOptions.IgnoreCase)]
    private static partial Regex Indices();

    [GeneratedRegex(@"(<br ?/?>|</(?:p|div|h[1-6]|li|tr)>)|</?(?:p|b|i|u|em|strong|span|div|h[1-6]|li|ul|ol|td|tr|table|tbody|center"
        + @"|sup|sub|mark|font|body|html)(?: [^<>]{0,80})?>", RegexOptions.IgnoreCase)]
    private static partial Regex Tags();
}
