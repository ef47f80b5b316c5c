using System.Text.Json;

namespace Tenon.Tests.Core.Input;

public class JsonFaultTests
{
    [Theory]
    [InlineData("", "the text is empty")]
    [InlineData("  \n ", "the text is empty")]
    [InlineData("{\"a\": 1", "column 8: the text ends before its value does")]
    [InlineData("{\"é\": 'x'}", "column 7: a single quote; JSON takes double quotes")]
    [InlineData("{\"a\": 1,}", "a comma before a closing bracket")]
    [InlineData("{\"a\": NaN}", "column 7: 'NaN' is no JSON value")]
    [InlineData("{\"a\": None}", "'None' is no JSON value")]
    [InlineData("{\"a\": 1} {\"b\": 2}", "column 10: more text after the value: '{\"b\": 2}'")]
    [InlineData("{\"a\": \"x\ty\"}", "a control character (U+0009) inside a text")]
    [InlineData("{broken", "column 2: 'broken' does not fit here")]
    [InlineData("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 3: '\"b\": 2' does not fit here")]
    public void Faults_are_told_in_our_words_with_their_place(string text, string words)
    {
        var e = Should.Throw<JsonException>(() => JsonDocument.Parse(text));
        var told = JsonFault.Describe(e, text);
        told.ShouldContain(words);
        told.ShouldNotContain("LineNumber");
        told.ShouldNotContain("BytePosition");
    }
}
