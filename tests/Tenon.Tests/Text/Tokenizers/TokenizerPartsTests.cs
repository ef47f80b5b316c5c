using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Text.Tokenizers;

/// <summary>Combinations of known parts give what the reference library gives for them; unknown parts are refused by name.</summary>
public class TokenizerPartsTests
{
    private static JsonNode Part(string json) => JsonNode.Parse(json)!;

    private static string Pieces(Action<JsonObject> change, string text, bool special = false)
    {
        var tokenizer = SmallTokenizer.With(change);
        return string.Join('|', tokenizer.Encode(text, special).Select(id => tokenizer.Decode([id])));
    }

    [Theory]
    [InlineData("ab", " |a|b")]
    [InlineData(" ab", " |a|b")]
    [InlineData("", "")]
    [InlineData("a<|im_end|>b", " |a|<|im_end|>| |b")]
    public void A_prefix_space_stands_before_every_stretch_that_has_none(string text, string expected) =>
        Pieces(j => j["pre_tokenizer"]!["add_prefix_space"] = true, text).ShouldBe(expected);

    [Theory]
    [InlineData("in12", " in| 1| 2")]
    [InlineData("in 12", " in| | 1| 2")]
    public void Steps_before_the_prefix_space_make_pieces_that_each_get_one(string text, string expected)
    {
        var pieces = Pieces(j =>
        {
            SmallTokenizer.Merge(j, "i n", "Ġ in", "Ġ 1", "Ġ 2");
            j["pre_tokenizer"] = Part("""
                {"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}]}
                """);
        }, text);
        pieces.ShouldBe(expected);
    }

    [Fact]
    public void A_template_adds_its_begin_token_and_another_processor_wraps_it()
    {
        const string Template = """
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<|im_start|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],
             "special_tokens":{"<|im_start|>":{"id":"<|im_start|>","ids":[257],"tokens":["<|im_start|>"]}}}
            """;
        Pieces(j => j["post_processor"] = Part(Template), "a", special: true).ShouldBe("<|im_start|>|a");
        Pieces(j => j["post_processor"] = Part(Template), "a").ShouldBe("a");
        Pieces(j =>
        {
            j["pre_tokenizer"]!["add_prefix_space"] = true;
            j["post_processor"] = Part($$"""
                {"type":"Sequence","processors":[{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":true},{{Template}},
                 {"type":"RobertaProcessing","sep":["<|im_end|>",258],"cls":["<|endoftext|>",256],"trim_offsets":true,"add_prefix_space":true}]}
                """);
        }, "a", special: true).ShouldBe("<|endoftext|>|<|im_start|>| |a|<|im_end|>");
    }

    [Theory]
    [InlineData("""{"type":"Lowercase"}""", "AbÇİ", "abçi̇")]
    [InlineData("""{"type":"Prepend","prepend":"_"}""", "ab", "_ab")]
    [InlineData("""{"type":"Replace","pattern":{"String":"a."},"content":"xy"}""", "a.b a.", "xyb xy")]
    [InlineData("""{"type":"Replace","pattern":{"Regex":"[0-9]+"},"content":"#"}""", "1 and 234", "# and #")]
    [InlineData("""{"type":"Strip","strip_left":true,"strip_right":false}""", "  a ", "a ")]
    [InlineData("""{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Sequence","normalizers":[{"type":"Lowercase"}]},{"type":"Prepend","prepend":" "}]}""", "E\u0301A", " éa")]
    public void Normalizers_are_applied_in_their_order(string normalizer, string text, string expected)
    {
        var tokenizer = SmallTokenizer.With(j => j["normalizer"] = Part(normalizer));
        tokenizer.Decode(tokenizer.Encode(text)).ShouldBe(expected);
    }

    [Theory]
    [InlineData("Isolated", false, "a|-|b|-|-|c")]
    [InlineData("Removed", false, "a|b|c")]
    [InlineData("Removed", true, "-|-|-")]
    [InlineData("MergedWithPrevious", false, "a-|b-|-|c")]
    [InlineData("MergedWithNext", false, "a|-b|-|-c")]
    [InlineData("Contiguous", false, "a|-|b|--|c")]
    public void A_split_does_with_its_matches_what_its_behavior_says(string behavior, bool invert, string expected)
    {
        var pieces = Pieces(j =>
        {
            SmallTokenizer.Merge(j, "a -", "b -", "- -", "- b", "- c", "a b", "b c");
            j["pre_tokenizer"] = Part($$"""
                {"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"String":"-"},"behavior":"{{behavior}}","invert":{{(invert ? "true" : "false")}}},
                 {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}
                """);
        }, "a-b--c");
        pieces.ShouldBe(expected);
    }

    [Fact]
    public void Unknown_bytes_are_fused_where_the_model_says_so()
    {
        Action<JsonObject> without = j =>
        {
            var vocabulary = j["model"]!["vocab"]!.AsObject();
            vocabulary.Remove("x");
            vocabulary.Remove("y");
            j["model"]!["unk_token"] = "?";
        };
        Pieces(without, "axyb").ShouldBe("a|?|?|b");
        Pieces(j => { without(j); j["model"]!["fuse_unk"] = true; }, "axybx").ShouldBe("a|?|b|?");
    }

    [Theory]
    [InlineData("normalizer", """{"type":"NFKC"}""", "NFKC")]
    [InlineData("normalizer", """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"BertNormalizer"}]}""",
    "normalizer.normalizers.1")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace","replacement":"_","add_prefix_space":true}""", "Metaspace")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"String":"a"},"behavior":"Isolated","invert":false}""", "ByteLevel")]
    [InlineData("pre_tokenizer",
    """{"type":"Sequence","pretokenizers":[{"type":"ByteLevel","add_prefix_space":false,"use_regex":false},{"type":"Digits"}]}""",
    "behind ByteLevel")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"String":"a"},"behavior":"Kept","invert":false}""", "Kept")]
    [InlineData("post_processor", """{"type":"UnigramProcessing"}""", "UnigramProcessing")]
    [InlineData("post_processor",
    """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}],"special_tokens":{"x":{"ids":[5]}}}""", "single")]
    [InlineData("post_processor",
    """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}},{"Sequence":{"id":"A"}}],"special_tokens":{"x":{"ids":[300]}}}""",
    "300")]
    [InlineData("decoder", """{"type":"WordPiece"}""", "WordPiece")]
    public void Another_part_is_refused_by_name(string key, string json, string named)
    {
        var message = Should.Throw<TenonException>(() => SmallTokenizer.With(j => j[key] = Part(json))).Message;
        foreach (var part in (string[])["tokenizer.json", named, "expected:"]) message.ShouldContain(part);
    }

    [Theory]
    [InlineData("added_tokens",
    """[{"id":256,"content":"<|endoftext|>","special":true},{"id":257,"content":"<|endoftext|>","special":true}]""",
    "every added token once")]
    [InlineData("added_tokens", """[{"id":65,"content":"<x>"}]""", "an id of its own")]
    [InlineData("added_tokens", """[{"id":256,"content":"a"}]""", "the id of 'a' in the vocabulary")]
    [InlineData("added_tokens", """[{"id":2147483647,"content":"<x>"}]""", "an id from 0")]
    [InlineData("added_tokens", """[{"id":-1,"content":"<x>"}]""", "an id from 0")]
    public void Tokens_and_ids_stand_once(string key, string json, string what) =>
        Should.Throw<TenonException>(() => SmallTokenizer.With(j => j[key] = Part(json))).Message.ShouldContain(what);

    [Fact]
    public void A_vocabulary_with_a_token_or_an_id_twice_is_refused()
    {
        string With(string vocabulary) =>
            Should.Throw<TenonException>(() => SmallTokenizer.With(j => j["model"]!["vocab"] = Part(vocabulary))).Message;
        With("""{"a":0,"b":0}""").ShouldContain("0, as 'a'");
        With("""{"a":0,"b":-4}""").ShouldContain("model.vocab.b");
        With("{}").ShouldContain("model.vocab");
        using var twice = System.Text.Json.JsonDocument.Parse("""{"model":{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}}""");
        Should.Throw<TenonException>(() =>
            Tenon.Text.Tokenizers.TokenizerJson.Parse(twice.RootElement, "t")).Message.ShouldContain("every token once");
        Should.Throw<TenonException>(() =>
            SmallTokenizer.With(j => j["model"]!["merges"] = Part("""["a b"]"""))).Message.ShouldContain("merge 0");
        Should.Throw<TenonException>(() =>
            SmallTokenizer.With(j => j["model"]!["merges"] = Part("""["a b c"]"""))).Message.ShouldContain("model.merges.0");
    }
}
