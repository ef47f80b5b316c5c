using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tenon;

/// <summary>
/// What is wrong with a text that is no JSON, in our words and with its place: the one reading of a <see cref="JsonException"/>.
/// </summary>
public static class JsonFault
{
    /// <summary>The fault with line and column (the column alone where the text is one line); without the text its place alone.</summary>
    public static string Describe(JsonException e, string? text = null)
    {
        // A reader of our own says it in its own words.
        if (e.LineNumber is null && e.Path is null) return e.Message;
        if (text is null) return Place(e.LineNumber ?? 0, e.BytePositionInLine ?? 0, several: true) + ": it does not fit here";
        if (string.IsNullOrWhiteSpace(text)) return "nothing: the text is empty";
        var (line, column, rest) = Find(text, e);
        return Place(line, column, text.AsSpan().Trim().Contains('\n')) + ": " + Words(e, text, rest);
    }

    /// <summary>An error of a file or line that should hold JSON.</summary>
    public static TenonException Error(string what, JsonException e, string? text = null, string? hint = null, bool usage = false) =>
        new(what, "JSON", Describe(e, text), hint, e, usage);

    private static string Place(long line, long column, bool several) =>
        string.Create(CultureInfo.InvariantCulture, $"{(several ? $"line {line + 1}, " : "")}column {column + 1}");

    // A position in bytes becomes one in characters.
    private static (long Line, long Column, int Index) Find(string text, JsonException e)
    {
        var start = 0;
        for (long line = 0; line < (e.LineNumber ?? 0); line++)
        {
            var next = text.IndexOf('\n', start);
            if (next < 0) break;
            start = next + 1;
        }

        var (index, bytes) = (start, e.BytePositionInLine ?? 0);
        while (index < text.Length && bytes > 0 && Rune.TryGetRuneAt(text, index, out var rune))
        {
            bytes -= rune.Utf8SequenceLength;
            index += rune.Utf16SequenceLength;
        }

        return (e.LineNumber ?? 0, index - start, index);
    }

    private static string Words(JsonException e, string text, int index)
    {
        if (text.AsSpan(Math.Min(index, text.Length)).Trim().IsEmpty && !e.Message.Contains("maximum", StringComparison.Ordinal))
            return "the text ends before its value does: a bracket, a brace or a quote is not closed";
        if (e.Message.Contains("maximum", StringComparison.Ordinal)) return "more than 64 brackets in one another";
        var rest = text.AsSpan(index);
        var before = text.AsSpan(0, index).TrimEnd();
        if (e.Message.Contains("single JSON value", StringComparison.Ordinal)) return $"more text after the value: {Shown(rest)}";
        if (char.IsControl(rest[0]))
            return $"a control character (U+{(int)rest[0]:X4}) inside a text, where JSON writes an escape such as \\n";
        if (rest[0] == '\'') return "a single quote; JSON takes double quotes";
        if (rest[0] is '}' or ']' && before is [.., ',']) return "a comma before a closing bracket";
        foreach (var word in (string[])["NaN", "Infinity", "-Infinity", "None", "True", "False", "undefined"])
            if (rest.StartsWith(word, StringComparison.Ordinal)) return $"'{word}' is no JSON value; JSON has null, true and false";
        return $"{Shown(rest)} does not fit here";
    }

    private static string Shown(ReadOnlySpan<char> rest)
    {
        var line = rest.IndexOf('\n') is >= 0 and var end ? rest[..end] : rest;
        return line.Length <= 20 ? $"'{line}'" : $"'{line[..20]}...'";
    }
}
