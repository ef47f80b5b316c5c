using System.Text.Json;
using Tenon.Cli;
using Tenon.Cli.Commands.Lines;
using Tenon.Text.Prompting;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Cli.Commands;

public class PromptTextTests
{
    private const string Begin = "<|endoftext|>";

    [Fact]
    public void A_plain_prompt_gets_a_begin_token_and_a_rendered_one_does_not()
    {
        var (reader, error) = Reader(rendered: false);
        reader.Encode("hi", false)[..2].ShouldBe([256, 'h']);
        reader.Encode(Begin + "hi", true)[..2].ShouldBe([256, 'h']);
        error.ToString().ShouldBeEmpty();
        reader.Encode(Begin + "hi", false)[..2].ShouldBe([256, 256]);
        reader.Encode(Begin + "ho", false);
        error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem()
            .ShouldContain("begins with <|endoftext|>");
        error.ToString().ShouldContain("\"rendered\": true");
    }

    [Theory]
    [InlineData("{}", false, false)]
    [InlineData("{}", true, true)]
    [InlineData("{\"rendered\":true}", false, true)]
    [InlineData("{\"rendered\":false}", true, false)]
    [InlineData("{\"special\":false}", false, true)]
    [InlineData("{\"special\":true}", false, false)]
    public void A_line_says_for_itself_whether_it_is_rendered(string line, bool all, bool rendered)
    {
        using var json = JsonDocument.Parse(line);
        Reader(all).Reader.IsRendered(json.RootElement, "line 1").ShouldBe(rendered);
    }

    [Fact]
    public void A_mark_that_is_no_truth_value_is_an_error()
    {
        using var json = JsonDocument.Parse("{\"rendered\":\"yes\"}");
        Should.Throw<TenonException>(() =>
            Reader(false).Reader.IsRendered(json.RootElement, "x, line 3")).Message.ShouldStartWith("x, line 3: rendered");
    }

    private static (PromptText Reader, StringWriter Error) Reader(bool rendered)
    {
        var error = new StringWriter();
        var terminal = new Terminal(TextReader.Null, TextWriter.Null, error, new Interrupt());
        return (new PromptText(new Lazy<PromptEncoder>(() => new PromptEncoder(new Beginning(TokenizerSource.ByteLevel().Tokenizer), null)),
            rendered, terminal), error);
    }

    private sealed class Beginning(ITokenizer inner) : ITokenizer
    {
        public int VocabularySize => inner.VocabularySize;

        public int[] Encode(string text, bool addSpecial = false) => addSpecial ? [256, .. inner.Encode(text)] : inner.Encode(text);

        public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false) => inner.Decode(ids, skipSpecial);

        public int? IdOf(string token) => inner.IdOf(token);

        public string? TokenOf(int id) => inner.TokenOf(id);

        public IStreamingDecoder StreamingDecoder(bool skipSpecial = false) => inner.StreamingDecoder(skipSpecial);
    }
}
