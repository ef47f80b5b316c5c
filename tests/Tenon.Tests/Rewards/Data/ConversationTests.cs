using Tenon.Rewards;
using Tenon.Rewards.Data;
using Tenon.Rollouts;
using Tenon.Tests.Support;
using Tenon.Text.Prompting;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Rewards.Data;

public class ConversationTests
{
    [Fact]
    public void A_list_of_messages_is_a_conversation()
    {
        var problem =
            Read(
            """[{"role":"system","content":"S"},{"role":"user","content":"1+1?"},{"role":"assistant","content":"2"},{"role":"user","content":[{"type":"text","text":"and "},{"type":"text","text":"2+2?"}]}]""");
        problem.System.ShouldBe("S");
        problem.Earlier.ShouldBe([new Turn("user", "1+1?"), new Turn("assistant", "2")]);
        problem.Text.ShouldBe("and 2+2?");
        using var folder = new TempFolder();
        var config = SmallTokenizer.Config();
        config["chat_template"] = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}";
        var encoder = PromptEncoder.Of(TokenizerSource.Open(SmallTokenizer.Write(folder["t"], config: config)));
        encoder.Decode(Prompts.Encode(encoder, "Q: {problem}", problem, "recipe"))
            .ShouldBe("<system>S<user>1+1?<assistant>2<user>Q: and 2+2?");
        encoder.Decode(Prompts.Encode(encoder, "plain", Read("""[{"role":"user","content":"1+1?"}]"""), "recipe"))
            .ShouldBe("<system>recipe<user>1+1?");
        Should.Throw<TenonException>(() =>
            Prompts.Encode(new PromptEncoder(TokenizerSource.ByteLevel().Tokenizer, null), "plain",
            problem)).Message.ShouldContain("chat template");
    }

    [Theory]
    [InlineData("""[{"from":"human","value":"1+1?"}]""")]
    [InlineData("\"[{\\\"role\\\":\\\"user\\\",\\\"content\\\":\\\"1+1?\\\"}]\"")]
    public void Messages_in_other_writings_are_read_too(string json) => Read(json).Text.ShouldBe("1+1?");

    [Theory]
    [InlineData("""[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]""", "ends in the user's question")]
    [InlineData("""[{"role":"user","content":"a"},{"role":"system","content":"b"},{"role":"user","content":"c"}]""", "message 2")]
    [InlineData("""[{"role":"tool","content":"a"}]""", "'tool'")]
    [InlineData("""[{"role":"user","content":[{"type":"image","url":"x"}]}]""", "parts of text")]
    [InlineData("""[{"role":"user","content":null}]""", "a text as content")]
    [InlineData("""[{"role":"user","content":" "}]""", "an empty text")]
    [InlineData("""[{"role":"system","content":"a"}]""", "a system message alone")]
    [InlineData("""[{"role":"user"}]""", "a content")]
    [InlineData("""["1+1?"]""", "a list of messages with role and content")]
    [InlineData("""{"text":"1+1?"}""", "problem-column: prompt.text")]
    [InlineData("\"[{'role': 'user', 'content': 'x'}]\"", "Python's notation")]
    public void What_cannot_be_trained_on_is_refused_with_its_line(string json, string message)
    {
        var error = Should.Throw<TenonException>(() => Read(json)).Message;
        error.ShouldContain("line 1: column 'prompt'");
        error.ShouldContain(message);
    }

    private static Problem Read(string prompt) =>
        ProblemFile.Parse($"{{\"prompt\":{prompt},\"answer\":\"2\"}}", "data.jsonl", new()).Problems.Single();
}
