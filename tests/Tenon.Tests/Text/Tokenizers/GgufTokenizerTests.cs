using Tenon.Checkpoints.Gguf;
using Tenon.Tests.Support;
using Tenon.Text.Tokenizers;
using Tenon.Text.Tokenizers.Gguf;

namespace Tenon.Tests.Text.Tokenizers;

/// <summary>Tokenizers in GGUF files: how their text is cut, and that every list and id fits the tokens.</summary>
public class GgufTokenizerTests
{
    private static string[] Tokens(params string[] more) =>
        [.. Enumerable.Range(0, 256).Select(b => ByteAlphabet.Of((byte)b).ToString()), .. more];

    private static GgufBuilder File(string? pre, params string[] more)
    {
        var builder = new GgufBuilder().Key("tokenizer.ggml.model", "gpt2").Key("tokenizer.ggml.tokens", Tokens(more))
            .Raw("tokenizer.ggml.merges", 9, NoTexts);
        return pre is null ? builder : builder.Key("tokenizer.ggml.pre", pre);
    }

    private static void NoTexts(BinaryWriter w)
    {
        w.Write(8u);
        w.Write(0UL);
    }

    private static TokenizerSource Open(GgufBuilder builder, string? pre = null)
    {
        using var folder = new TempFolder();
        System.IO.File.WriteAllBytes(folder["m.gguf"], builder.Build());
        return TokenizerSource.Open(folder["m.gguf"], pre);
    }

    [Fact]
    public void A_file_that_names_no_rule_is_refused_unless_one_is_named()
    {
        var message = Should.Throw<TenonException>(() => Open(File(null))).Message;
        foreach (var part in (string[])["m.gguf", "tokenizer.ggml.pre", "--tokenizer-pre NAME", "llama-bpe"]) message.ShouldContain(part);
        Open(File(null), "gpt-2").Tokenizer.Encode("ab").Length.ShouldBe(2);
        Should.Throw<TenonException>(() => Open(File(null), "llama-bpee")).IsUsage.ShouldBeTrue();
        Should.Throw<TenonException>(() => Open(File("mpt"))).Message.ShouldContain("mpt");
        Open(File("qwen2"), "gpt-2").Notices.ShouldHaveSingleItem().ShouldContain("qwen2");
        Open(File("qwen2"), "qwen2").Notices.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(128000, "<|begin_of_text|>", "<|end_of_text|>", "llama-bpe")]
    [InlineData(128000, "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "llama-bpe")]
    [InlineData(151643, "<|endoftext|>", "<|im_start|>", "qwen2")]
    [InlineData(128000, "<|endoftext|>", "<|im_start|>", null)]
    [InlineData(151643, "<|begin_of_text|>", "<|end_of_text|>", null)]
    public void A_vocabulary_that_leaves_no_doubt_is_recognised(int at, string first, string second, string? name)
    {
        string[] tokens = [.. Enumerable.Range(0, at).Select(i => $"t{i}"), first, second];
        GgufPreTokenizer.Recognise(tokens).ShouldBe(name);
    }

    [Fact, Trait("Speed", "slow")]
    public void A_recognised_vocabulary_is_taken_with_a_note_that_names_what_was_assumed()
    {
        var source =
            Open(new GgufBuilder().Key("tokenizer.ggml.model", "gpt2").Key("tokenizer.ggml.bos_token_id", 151643u)
            .Raw("tokenizer.ggml.merges", 9, NoTexts)
            .Key("tokenizer.ggml.tokens",
            [.. Tokens([.. Enumerable.Range(256, 151643 - 256).Select(i => $"t{i}")]), "<|endoftext|>", "<|im_start|>"]));
        source.Notices.ShouldHaveSingleItem().ShouldContain("qwen2");
        source.SpecialTokens["bos_token"].ShouldBe("<|endoftext|>");
    }

    [Theory]
    [InlineData("a!b", "a|!|b")]
    [InlineData("it's 1234", "it|'|s| |123|4")]
    [InlineData("x = 10;", "x| |=| |10|;")]
    [InlineData("a  b", "a| | b")]
    public void The_rule_default_is_llama_cpps_own(string text, string pieces)
    {
        using var file = GgufFile.FromMemory("m.gguf", File("default").Build());
        var steps = GgufTokenizer.ToJson(file, GgufVocabulary.Read(file), null).Json["pre_tokenizer"]!;
        Cut(steps.ToJsonString(), text).ShouldBe(pieces);
    }

    /// <summary>The pieces of a text: every pair of bytes merges, so that what is not merged was cut.</summary>
    private static string Cut(string preTokenizer, string text)
    {
        var tokenizer = SmallTokenizer.With(j =>
        {
            j["pre_tokenizer"] = System.Text.Json.Nodes.JsonNode.Parse(preTokenizer);
            for (var start = 0; start < text.Length; start++)
                for (var length = 2; start + length <= text.Length; length++)
                {
                    var token = text.Substring(start, length).Replace(' ', 'Ġ');
                    if (!j["model"]!["merges"]!.AsArray().Any(m => m!.GetValue<string>() == $"{token[..^1]} {token[^1]}"))
                        SmallTokenizer.Merge(j, $"{token[..^1]} {token[^1]}");
                }
        });
        return string.Join('|', tokenizer.Encode(text).Select(id => tokenizer.Decode([id])));
    }

    public static TheoryData<string, Func<GgufBuilder, GgufBuilder>, string> Wrong => new()
    {
        { "too few types", b => b.Key("tokenizer.ggml.token_type", [.. Enumerable.Repeat(1, 250)]), "250 types" },
        { "too many types", b => b.Key("tokenizer.ggml.token_type", [.. Enumerable.Repeat(1, 300)]), "300 types" },
        { "an unknown type", b => b.Key("tokenizer.ggml.token_type", [.. Enumerable.Repeat(1, 256), 9]), "type 9 of token 256" },
        { "type 0", b => b.Key("tokenizer.ggml.token_type", [.. Enumerable.Repeat(1, 256), 0]), "types from 1 to 6" },
        { "too few scores", b => b.Raw("tokenizer.ggml.scores", 9, w => { w.Write(6u); w.Write(2UL); w.Write(1f); w.Write(2f); }),
            "tokenizer.ggml.scores" },
        { "types as texts", b => b.Key("tokenizer.ggml.token_type", "1", "2"), "a list of whole numbers" },
        { "begin beyond", b => b.Key("tokenizer.ggml.bos_token_id", 4000000000u), "bos_token_id" },
        { "end beyond", b => b.Key("tokenizer.ggml.eos_token_id", 257u), "an id from 0 to 256" },
        { "padding beyond", b => b.Key("tokenizer.ggml.padding_token_id", 300u), "padding_token_id" },
        { "turn's end beyond", b => b.Key("tokenizer.ggml.eot_token_id", 5000u), "eot_token_id" },
        { "unknown below", b => b.Raw("tokenizer.ggml.unknown_token_id", 5, w => w.Write(-3)), "unknown_token_id" },
        { "begin as text", b => b.Key("tokenizer.ggml.bos_token_id", "<s>"), "a whole number" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Lists_and_ids_that_do_not_fit_the_tokens_are_refused_by_key(string name, Func<GgufBuilder, GgufBuilder> change,
    string fault)
    {
        var message = Should.Throw<TenonException>(() => Open(change(File("gpt-2", "<x>"))), name).Message;
        foreach (var part in (string[])["m.gguf", fault, "expected:", "got:", "Hint:"]) message.ShouldContain(part);
    }

    [Fact]
    public void A_token_that_stands_twice_and_a_merge_of_an_unknown_token_are_refused()
    {
        Should.Throw<TenonException>(() => Open(File("gpt-2", "<x>", "<x>"))).Message.ShouldContain("'<x>' with ids 256 and 257");
        Should.Throw<TenonException>(() => Open(File("gpt-2", "a"))).Message.ShouldContain("every token once");
        var builder = new GgufBuilder().Key("tokenizer.ggml.model", "gpt2").Key("tokenizer.ggml.tokens", Tokens())
            .Key("tokenizer.ggml.merges", ["a b"]).Key("tokenizer.ggml.pre", "gpt-2");
        Should.Throw<TenonException>(() => Open(builder)).Message.ShouldContain("'a' + 'b'");
    }

    [Fact]
    public void Begin_and_end_tokens_are_added_where_the_file_says_so()
    {
        GgufBuilder Named(string pre) =>
            File(pre, "<s>", "</s>").Key("tokenizer.ggml.bos_token_id", 256u).Key("tokenizer.ggml.eos_token_id", 257u);
        Open(Named("gpt-2")).Tokenizer.Encode("a", addSpecial: true).ShouldBe(['a']);
        Open(Named("gpt-2").Key("tokenizer.ggml.add_bos_token", true)).Tokenizer.Encode("a", addSpecial: true)[0].ShouldBe(256);
        Open(Named("gpt-2").Key("tokenizer.ggml.add_eos_token", true)).Tokenizer.Encode("a", addSpecial: true)[^1].ShouldBe(257);
        Open(Named("llama-bpe")).Tokenizer.Encode("a", addSpecial: true)[0].ShouldBe(256);
        Open(Named("llama-bpe").Key("tokenizer.ggml.add_bos_token", false)).Tokenizer.Encode("a", addSpecial: true).Length.ShouldBe(1);
    }

    [Fact]
    public void Named_templates_of_a_file_are_found_by_name()
    {
        var source = Open(File("gpt-2").Key("tokenizer.chat_template", "plain").Key("tokenizer.chat_template.tool_use", "tools"));
        source.Templates!.Select(null, tools: true).ShouldBe("tools");
        source.Templates.Select(null, tools: false).ShouldBe("plain");
        source.ChatTemplate.ShouldBe("plain");
    }
}
