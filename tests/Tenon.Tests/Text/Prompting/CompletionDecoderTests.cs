using System.Text.Json.Nodes;
using Tenon.MathAnswers;
using Tenon.Tests.Support;
using Tenon.Text.Prompting;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Text.Prompting;

/// <summary>Special tokens are no text of a completion, but those that part thought from answer are.</summary>
public class CompletionDecoderTests
{
    private static ITokenizer With(string open, string close, bool special) => SmallTokenizer.With(json =>
    {
        var added = json["added_tokens"]!.AsArray();
        foreach (var tag in new[] { open, close, "<|tool|>" })
            added.Add(new JsonObject
            {
                ["id"] = 256 + added.Count, ["content"] = tag, ["special"] = special, ["normalized"] = false, ["lstrip"] = false,
                ["rstrip"] = false, ["single_word"] = false,
            });
    });

    public static TheoryData<string, string, bool> Tags()
    {
        var data = new TheoryData<string, string, bool>();
        foreach (var (open, close) in ThinkTags.All)
            foreach (var special in new[] { true, false })
                data.Add(open, close, special);
        return data;
    }

    [Theory]
    [MemberData(nameof(Tags))]
    public void Tags_of_think_blocks_stay_whether_they_are_special_or_not(string open, string close, bool special)
    {
        var tokenizer = With(open, close, special);
        var decoder = new CompletionDecoder(tokenizer);
        var ids = tokenizer.Encode($"{open}so 7 é{close}It is 8.<|tool|>");
        var text = $"{open}so 7 é{close}It is 8.{(special ? "" : "<|tool|>")}";
        decoder.Decode(ids).ShouldBe(text);
        new PromptEncoder(tokenizer, null).Decode(ids).ShouldBe(text);
        var stream = decoder.Streaming();
        (string.Concat(ids.Select(stream.Add)) + stream.Flush()).ShouldBe(text);
        ThinkBlocks.After(decoder.Decode(ids))!.ShouldStartWith("It is 8.");
        ThinkBlocks.After(decoder.Decode(ids[..^12])).ShouldBeNull();
        // What the tokenizers library would say is left as it is.
        tokenizer.Decode(ids, skipSpecial: true).Contains(close, StringComparison.Ordinal).ShouldBe(!special);
    }

    [Fact]
    public void A_tokenizer_without_such_tokens_decodes_as_ever()
    {
        var tokenizer = TokenizerSource.ByteLevel().Tokenizer;
        var ids = tokenizer.Encode("<think>1</think>2");
        new CompletionDecoder(tokenizer).Decode(ids).ShouldBe("<think>1</think>2");
        new CompletionDecoder(tokenizer).Decode([.. ids, 256, 257]).ShouldBe("<think>1</think>2");
    }
}
