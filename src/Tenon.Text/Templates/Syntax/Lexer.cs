// Cuts a template into text and tags, with trim_blocks and lstrip_blocks on and the marks + and -; the inside of tags goes to TagLexer.
// The order of attempts is that of Jinja's lexer, so that odd inputs (a '-' right after '{{', 'raw' in a tag) come out alike.
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Syntax;

/// <summary>Template text to tokens.</summary>
internal sealed class Lexer
{
    private readonly string source;
    private readonly List<Token> tokens = [];
    private int at;
    private int line = 1;

    // Whether the text so far ends a line; lstrip_blocks only looks at tags that begin one.
    private bool atLineStart = true;

    private Lexer(string source) => this.source = source;

    internal static List<Token> Read(string template)
    {
        var text = template.Replace("\r\n", "\n").Replace('\r', '\n');
        var lexer = new Lexer(text.EndsWith('\n') ? text[..^1] : text);
        lexer.Run();
        lexer.tokens.Add(new Token(TokenKind.End, "", lexer.line));
        return lexer.tokens;
    }

    private void Run()
    {
        while (at < source.Length)
        {
            var tag = NextTag();
            if (tag < 0)
            {
                AddData(source[at..]);
                at = source.Length;
                return;
            }
            var kind = source[tag + 1];
            var text = source[at..tag];
            var raw = kind == '%' ? RawBegin(tag) : -1;
            var sign = tag + 2 < source.Length && source[tag + 2] is '-' or '+' ? source[tag + 2] : '\0';
            AddData(Stripped(text, sign, isVariable: kind == '{'), lines: Lines(text));
            at = raw >= 0 ? raw : tag + (sign == '\0' ? 2 : 3);
            if (raw >= 0)
            {
                line += Lines(source[tag..at]);
                atLineStart = source[at - 1] == '\n';
                RawText();
            }
            else if (kind == '#') Comment();
            else Tag(kind == '{');
        }
    }

    private int NextTag()
    {
        for (var i = at; (i = source.IndexOf('{', i)) >= 0 && i + 1 < source.Length; i++)
            if (source[i + 1] is '%' or '#' or '{') return i;
        return -1;
    }

    private void Tag(bool variable)
    {
        tokens.Add(new Token(variable ? TokenKind.VariableBegin : TokenKind.BlockBegin, "", line));
        var inner = new TagLexer(source, at, line, variable, tokens);
        (at, line) = inner.Read();
        if (!inner.Closed) return;
        var end = at;
        if (inner.StripsAfter) SkipSpace();
        else if (!variable && !inner.KeepsNewline && at < source.Length && source[at] == '\n') at++;
        line += Lines(source[end..at]);
        atLineStart = source[at - 1] == '\n';
    }

    private void Comment()
    {
        for (var i = at; i < source.Length; i++)
        {
            var mark = source[i] is '+' or '-' ? source[i] : '\0';
            var close = mark == '\0' ? i : i + 1;
            if (close + 1 >= source.Length || source[close] != '#' || source[close + 1] != '}') continue;
            var from = at;
            at = close + 2;
            if (mark == '-') SkipSpace();
            else if (mark == '\0' && at < source.Length && source[at] == '\n') at++;
            line += Lines(source[from..at]);
            atLineStart = source[at - 1] == '\n';
            return;
        }
        // As in Jinja, a comment or raw tag that the template ends with, nothing behind it, is let pass.
        if (at < source.Length) throw TemplateException.Syntax("Missing end of comment tag", line);
    }

    /// <summary>The offset behind <c>{% raw %}</c> that begins at a tag, or -1.</summary>
    private int RawBegin(int tag)
    {
        var i = tag + 2;
        if (i < source.Length && source[i] is '-' or '+') i++;
        i = Word(i, "raw");
        if (i < 0) return -1;
        if (Matches(i, "%}")) return i + 2;
        if (!Matches(i, "-%}")) return -1;
        i += 3;
        while (i < source.Length && PyText.IsSpace(source[i])) i++;
        return i;
    }

    private void RawText()
    {
        for (var i = at; (i = source.IndexOf("{%", i, StringComparison.Ordinal)) >= 0; i++)
        {
            var sign = i + 2 < source.Length && source[i + 2] is '-' or '+' ? source[i + 2] : '\0';
            var end = Word(sign == '\0' ? i + 2 : i + 3, "endraw");
            if (end < 0) continue;
            var mark = end < source.Length && source[end] is '-' or '+' ? source[end] : '\0';
            if (!Matches(mark == '\0' ? end : end + 1, "%}")) continue;
            var text = source[at..i];
            AddData(Stripped(text, sign, isVariable: false), Lines(text));
            at = (mark == '\0' ? end : end + 1) + 2;
            if (mark == '-') SkipSpace();
            else if (mark == '\0' && at < source.Length && source[at] == '\n') at++;
            line += Lines(source[i..at]);
            atLineStart = source[at - 1] == '\n';
            return;
        }
        if (at < source.Length) throw TemplateException.Syntax("Missing end of raw directive", line);
    }

    /// <summary>Takes a word with white space around it; the offset behind, or -1.</summary>
    private int Word(int i, string word)
    {
        while (i < source.Length && PyText.IsSpace(source[i])) i++;
        if (!Matches(i, word)) return -1;
        i += word.Length;
        while (i < source.Length && PyText.IsSpace(source[i])) i++;
        return i;
    }

    private bool Matches(int i, string text) => string.CompareOrdinal(source, i, text, 0, text.Length) == 0;

    private string Stripped(string text, char sign, bool isVariable)
    {
        if (sign == '-') return PyText.Strip(text, null, left: false);
        if (sign == '+' || isVariable) return text;
        var start = text.LastIndexOf('\n') + 1;
        return (start > 0 || atLineStart) && text.AsSpan(start).ToArray().All(PyText.IsSpace) ? text[..start] : text;
    }

    private void AddData(string text, int? lines = null)
    {
        if (text.Length > 0) tokens.Add(new Token(TokenKind.Data, text, line));
        line += lines ?? Lines(text);
    }

    private void SkipSpace()
    {
        while (at < source.Length && PyText.IsSpace(source[at])) at++;
    }

    private static int Lines(string text) => text.Count(c => c == '\n');
}
