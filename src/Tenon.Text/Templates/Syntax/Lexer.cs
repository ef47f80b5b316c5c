// Cuts a template into text and tags, with trim_blocks and lstrip_blocks on and the marks + and -; the inside of tags goes to TagLexer.
// The order of attempts is that of Jinja's lexer, so that odd inputs (a '-' right after '{{', 'raw' in a tag) come out alike.
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Syntax;

/// <summary>Template text to tokens.</summary>
internal sealed class Lexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;

    // Whether the text so far ends a line; lstrip_blocks only looks at tags that begin one.
    private bool _atLineStart = true;

    private Lexer(string source) => _source = source;

    internal static List<Token> Read(string template)
    {
        var text = template.Replace("\r\n", "\n").Replace('\r', '\n');
        var lexer = new Lexer(text.EndsWith('\n') ? text[..^1] : text);
        lexer.Run();
        lexer._tokens.Add(new Token(TokenKind.End, "", lexer._line));
        return lexer._tokens;
    }

    private void Run()
    {
        while (_at < _source.Length)
        {
            var tag = NextTag();
            if (tag < 0)
            {
                AddData(_source[_at..]);
                _at = _source.Length;
                return;
            }
            var kind = _source[tag + 1];
            var text = _source[_at..tag];
            var raw = kind == '%' ? RawBegin(tag) : -1;
            var sign = tag + 2 < _source.Length && _source[tag + 2] is '-' or '+' ? _source[tag + 2] : '\0';
            AddData(Stripped(text, sign, isVariable: kind == '{'), lines: Lines(text));
            _at = raw >= 0 ? raw : tag + (sign == '\0' ? 2 : 3);
            if (raw >= 0)
            {
                _line += Lines(_source[tag.._at]);
                _atLineStart = _source[_at - 1] == '\n';
                RawText();
            }
            else if (kind == '#') Comment();
            else Tag(kind == '{');
        }
    }

    private int NextTag()
    {
        for (var i = _at; (i = _source.IndexOf('{', i)) >= 0 && i + 1 < _source.Length; i++)
            if (_source[i + 1] is '%' or '#' or '{') return i;
        return -1;
    }

    private void Tag(bool variable)
    {
        _tokens.Add(new Token(variable ? TokenKind.VariableBegin : TokenKind.BlockBegin, "", _line));
        var inner = new TagLexer(_source, _at, _line, variable, _tokens);
        (_at, _line) = inner.Read();
        if (!inner.Closed) return;
        var end = _at;
        if (inner.StripsAfter) SkipSpace();
        else if (!variable && !inner.KeepsNewline && _at < _source.Length && _source[_at] == '\n') _at++;
        _line += Lines(_source[end.._at]);
        _atLineStart = _source[_at - 1] == '\n';
    }

    private void Comment()
    {
        for (var i = _at; i < _source.Length; i++)
        {
            var mark = _source[i] is '+' or '-' ? _source[i] : '\0';
            var close = mark == '\0' ? i : i + 1;
            if (close + 1 >= _source.Length || _source[close] != '#' || _source[close + 1] != '}') continue;
            var from = _at;
            _at = close + 2;
            if (mark == '-') SkipSpace();
            else if (mark == '\0' && _at < _source.Length && _source[_at] == '\n') _at++;
            _line += Lines(_source[from.._at]);
            _atLineStart = _source[_at - 1] == '\n';
            return;
        }
        // As in Jinja, a comment or raw tag that the template ends with, nothing behind it, is let pass.
        if (_at < _source.Length) throw TemplateException.Syntax("Missing end of comment tag", _line);
    }

    /// <summary>The offset behind <c>{% raw %}</c> that begins at a tag, or -1.</summary>
    private int RawBegin(int tag)
    {
        var i = tag + 2;
        if (i < _source.Length && _source[i] is '-' or '+') i++;
        i = Word(i, "raw");
        if (i < 0) return -1;
        if (Matches(i, "%}")) return i + 2;
        if (!Matches(i, "-%}")) return -1;
        i += 3;
        while (i < _source.Length && PyText.IsSpace(_source[i])) i++;
        return i;
    }

    private void RawText()
    {
        for (var i = _at; (i = _source.IndexOf("{%", i, StringComparison.Ordinal)) >= 0; i++)
        {
            var sign = i + 2 < _source.Length && _source[i + 2] is '-' or '+' ? _source[i + 2] : '\0';
            var end = Word(sign == '\0' ? i + 2 : i + 3, "endraw");
            if (end < 0) continue;
            var mark = end < _source.Length && _source[end] is '-' or '+' ? _source[end] : '\0';
            if (!Matches(mark == '\0' ? end : end + 1, "%}")) continue;
            var text = _source[_at..i];
            AddData(Stripped(text, sign, isVariable: false), Lines(text));
            _at = (mark == '\0' ? end : end + 1) + 2;
            if (mark == '-') SkipSpace();
            else if (mark == '\0' && _at < _source.Length && _source[_at] == '\n') _at++;
            _line += Lines(_source[i.._at]);
            _atLineStart = _source[_at - 1] == '\n';
            return;
        }
        if (_at < _source.Length) throw TemplateException.Syntax("Missing end of raw directive", _line);
    }

    /// <summary>Takes a word with white space around it; the offset behind, or -1.</summary>
    private int Word(int i, string word)
    {
        while (i < _source.Length && PyText.IsSpace(_source[i])) i++;
        if (!Matches(i, word)) return -1;
        i += word.Length;
        while (i < _source.Length && PyText.IsSpace(_source[i])) i++;
        return i;
    }

    private bool Matches(int i, string text) => string.CompareOrdinal(_source, i, text, 0, text.Length) == 0;

    private string Stripped(string text, char sign, bool isVariable)
    {
        if (sign == '-') return PyText.Strip(text, null, left: false);
        if (sign == '+' || isVariable) return text;
        var start = text.LastIndexOf('\n') + 1;
        return (start > 0 || _atLineStart) && text.AsSpan(start).ToArray().All(PyText.IsSpace) ? text[..start] : text;
    }

    private void AddData(string text, int? lines = null)
    {
        if (text.Length > 0) _tokens.Add(new Token(TokenKind.Data, text, _line));
        _line += lines ?? Lines(text);
    }

    private void SkipSpace()
    {
        while (_at < _source.Length && PyText.IsSpace(_source[_at])) _at++;
    }

    private static int Lines(string text) => text.Count(c => c == '\n');
}
