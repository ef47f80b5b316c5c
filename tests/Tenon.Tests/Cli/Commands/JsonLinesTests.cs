using System.Text;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli.Commands;

/// <summary>The verbs that read lines, with lines as programs write them, right and wrong.</summary>
public sealed class JsonLinesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("tokenize tiny --input FILE", "{\"text\":\"a\"}")]
    [InlineData("render tiny --input FILE", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}")]
    [InlineData("verify --input FILE", "{\"gold\":\"1\",\"answer\":\"1\"}")]
    [InlineData("score tiny --input FILE", "{\"prompt\":\"1+1=?\",\"completion\":\"2\"}")]
    [InlineData("generate tiny --max-new-tokens 2 --temperature 0 --input FILE", "{\"prompt\":\"1+1=?\"}")]
    public void A_byte_order_mark_line_ends_and_a_missing_last_one_change_nothing(string call, string line)
    {
        var plain = Run(call, Encoding.UTF8.GetBytes(line + "\n" + line + "\n"));
        plain.Exit.ShouldBe(0, plain.Error);
        plain.Lines.Count.ShouldBe(2);
        Run(call, [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(line + "\r\n\r\n" + line)]).Out.ShouldBe(plain.Out);
        Run(call, Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(line)).ToArray())
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("UTF-16"));
    }

    [Theory]
    [InlineData("tokenize tiny --input FILE", "{\"text\":\"a\"}")]
    [InlineData("render tiny --input FILE", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}")]
    [InlineData("verify --input FILE", "{\"gold\":\"1\",\"answer\":\"1\"}")]
    public void A_line_that_is_no_text_is_answered_and_the_next_is_read(string call, string line)
    {
        var made = Run(call, [.. Encoding.UTF8.GetBytes(line + "\n{\"text\":\""), 0xFF, .. Encoding.UTF8.GetBytes("\"}\n" + line + "\n")]);
        made.Exit.ShouldBe(0, made.Error);
        made.Lines.Count.ShouldBe(3);
        made.Lines[1].ShouldContain("\"error\"");
        made.Lines[1].ShouldContain("line 2");
        made.Lines[2].ShouldBe(made.Lines[0]);
    }

    [Theory]
    [InlineData("score tiny --input FILE", "{\"ids\":[1,\"x\"]}", "ids")]
    [InlineData("score tiny --input FILE", "{\"ids\":[1,2.5]}", "token ids")]
    [InlineData("score tiny --input FILE", "{\"ids\":7}", "a list of token ids")]
    [InlineData("score tiny --input FILE", "{\"prompt\":5,\"completion\":\"x\"}", "prompt")]
    [InlineData("score tiny --input FILE", "{\"ids\":[1,2],\"temperature\":\"hot\"}", "temperature")]
    [InlineData("score tiny --input FILE", "{\"ids\":[1,2],\"weights\":[null]}", "weights")]
    [InlineData("score tiny --input FILE", "{\"ids\":[1,2],\"prompt_length\":1.5}", "prompt_length")]
    [InlineData("score tiny --input FILE", "{\"ids\":[1,2", "the text ends before its value does")]
    [InlineData("score tiny --input FILE", "\"x\"", "another JSON value")]
    [InlineData("generate tiny --input FILE", "{\"prompt\":[\"x\"]}", "prompt")]
    [InlineData("generate tiny --input FILE", "{\"prompt\":\"\"}", "an empty prompt")]
    [InlineData("generate tiny --input FILE", "{\"ids\":[-1]}", "token ids")]
    [InlineData("generate tiny --input FILE", "{\"prompt\":\"\\ud800\"}", "half of a surrogate pair")]
    [InlineData("generate tiny --input FILE", "\n", "at least one line")]
    public void A_field_of_the_wrong_kind_is_named_with_its_line(string call, string line, string words)
    {
        var made = Run(call, Encoding.UTF8.GetBytes("\n" + line));
        made.Exit.ShouldBe(2, made.Error);
        made.Error.ShouldContain(words);
        if (line != "\n") made.Error.ShouldContain("line 2");
    }

    private Call Run(string call, byte[] bytes)
    {
        File.WriteAllBytes(_folder["lines"], bytes);
        return Call.Tenon(call.Replace("FILE", _folder["lines"], StringComparison.Ordinal).Split(' '));
    }
}
