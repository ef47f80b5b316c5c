using System.Text.Json;
using Tenon.Text.Templates;

namespace Tenon.Tests.Text.Templates;

public class ChatTemplateTests
{
    private const string Turns =
        "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m['content'] }}</>{% endfor %}{% if add_generation_prompt "
        + "%}<assistant>{% endif %}";

    private static readonly ChatMessage[] Conversation = [new("user", "Hi"), new("assistant", "Roses are ")];

    [Fact]
    public void Messages_tokens_and_the_generation_prompt_reach_the_template() =>
        ChatTemplate.Parse(Turns)
        .Render(Conversation,
        new ChatOptions
        {
            AddGenerationPrompt = true, SpecialTokens = new Dictionary<string,
        string?>
            { ["bos_token"] = "<s>", ["eos_token"] = null }
        })
            .ShouldBe("<s><user>Hi</><assistant>Roses are </><assistant>");

    [Fact]
    public void A_continued_message_ends_the_text() =>
        ChatTemplate.Parse(Turns).Render(Conversation, new ChatOptions { ContinueFinalMessage = true })
        .ShouldBe("<user>Hi</><assistant>Roses are ");

    [Fact]
    public void A_continued_message_that_the_template_trims_ends_without_its_space() =>
        ChatTemplate.Parse(Turns.Replace("m['content']", "m['content']|trim"))
        .Render(Conversation, new ChatOptions { ContinueFinalMessage = true }).ShouldBe("<user>Hi</><assistant>Roses are");

    [Fact]
    public void Continuing_and_prompting_at_once_is_refused() =>
        Should.Throw<TemplateException>(() => ChatTemplate.Parse(Turns)
        .Render(Conversation, new ChatOptions { ContinueFinalMessage = true, AddGenerationPrompt = true })).Kind.ShouldBe("ValueError");

    [Fact]
    public void Reasoning_is_seen_under_all_its_names()
    {
        using var messages = JsonDocument.Parse("""[{"role":"assistant","content":"2","reasoning":"add"}]""");
        ChatTemplate.Parse("{{ messages[0].thinking }}{{ messages[0].reasoning_content }}{{ tools is none }}").Render(messages.RootElement)
            .ShouldBe("addaddTrue");
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"u","content":"é😀"}],"template":"{{ messages[0].content }}{{ x }}","kwargs":{"x":1.0},"special_tokens":{"b":null}}""", """{"rendered":"\u00e9\ud83d\ude001.0"}""")]
    [InlineData("""{"template":"{{ a + 1 }}","vars":{"a":12345678901234567890}}""", """{"rendered":"12345678901234567891"}""")]
    [InlineData("""{"template":"{{ raise_exception('no ' ~ 1) }}","vars":{}}""", """{"error":{"kind":"TemplateError","message":"no 1"}}""")]
    [InlineData("""{"template":"{{ a }}","vars":{"a":"\ud83d"}}""", """{"rendered":"\ud83d"}""")]
    [InlineData("""{"vars":{}}""",
    """{"error":{"kind":"ValueError","message":"the line has no \"template\", and none was given otherwise"}}""")]
    public void A_line_is_answered_in_one_line_of_ascii(string line, string answer) => new RenderLine().Answer(line).ShouldBe(answer);

    [Fact]
    public void A_line_that_is_no_json_is_answered_with_an_error() =>
    new RenderLine(ChatTemplates.Of("x")).Answer("{").ShouldStartWith("{\"error\":{\"kind\":\"JSONDecodeError\"");
}
