using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Tests.Support;
using Tenon.Text.Prompting;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Text.Prompting;

/// <summary>Prompts through chat templates: arguments, tools, and templates that refuse or fail.</summary>
public class PromptTemplateTests
{
    private const string Thinking =
        "{{ messages[-1].content }}{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}{{ "
        + "style|default('') }}";

    private static Dictionary<string, JsonElement> Arguments(string json) =>
        JsonNode.Parse(json)!.AsObject().ToDictionary(p => p.Key, p => JsonSerializer.SerializeToElement(p.Value));

    private static PromptEncoder Open(JsonNode template, string arguments = "{}")
    {
        using var folder = new TempFolder();
        var config = SmallTokenizer.Config();
        config["chat_template"] = template;
        return PromptEncoder.Of(TokenizerSource.Open(SmallTokenizer.Write(folder["t"], config: config)), null, Arguments(arguments));
    }

    [Theory]
    [InlineData("{}", "hi")]
    [InlineData("""{"enable_thinking":false}""", "hi<think></think>")]
    [InlineData("""{"enable_thinking":true}""", "hi")]
    [InlineData("""{"enable_thinking":false,"style":"!"}""", "hi<think></think>!")]
    [InlineData("""{"style":3}""", "hi3")]
    public void Arguments_reach_the_template(string arguments, string expected)
    {
        var encoder = Open(Thinking, arguments);
        encoder.Render("hi").ShouldBe(expected);
        encoder.Tokenizer.Decode(encoder.Encode("hi")).ShouldBe(expected);
    }

    [Theory]
    [InlineData("""{"enable_thinkin":false}""", "never mentions")]
    [InlineData("""{"enable-thinking":false}""", "letters, digits and _")]
    [InlineData("""{"messages":[]}""", "which the conversation gives")]
    [InlineData("""{"chat_template":"tool_use"}""", "one template, without a name")]
    [InlineData("""{"chat_template":7}""", "a template's name")]
    public void An_argument_that_would_do_nothing_is_a_wrong_call(string arguments, string what)
    {
        var error = Should.Throw<TenonException>(() => Open(Thinking, arguments));
        error.IsUsage.ShouldBeTrue();
        error.Message.ShouldContain(what);
    }

    [Fact]
    public void Arguments_need_a_template()
    {
        using var folder = new TempFolder();
        var source = TokenizerSource.ByteLevel();
        Should.Throw<TenonException>(() =>
            PromptEncoder.Of(source, false, Arguments("""{"x":1}"""))).Message.ShouldContain("chat-template: false");
        var config = SmallTokenizer.Config();
        config.Remove("chat_template");
        var bare = TokenizerSource.Open(SmallTokenizer.Write(folder["t"], config: config));
        Should.Throw<TenonException>(() =>
            PromptEncoder.Of(bare, null, Arguments("""{"x":1}"""))).Message.ShouldContain("a model with a chat template");
        Should.Throw<TenonException>(() => PromptEncoder.Of(bare, true)).IsUsage.ShouldBeTrue();
        PromptEncoder.Of(bare).HasTemplate.ShouldBeFalse();
    }

    [Fact]
    public void A_conversation_with_tools_takes_the_template_for_tools()
    {
        var list = new JsonArray(
            new JsonObject { ["name"] = "default", ["template"] = "plain {{ style|default('') }}" },
            new JsonObject { ["name"] = "tool_use", ["template"] = "{{ tools[0].name }} for {{ messages[0].content }}" });
        using var tools = JsonDocument.Parse("""[{"name":"f"}]""");
        PromptMessage[] messages = [new("user", "hi")];
        Open(list.DeepClone()).Render(messages, tools.RootElement).ShouldBe("f for hi");
        Open(list.DeepClone()).Render(messages).ShouldBe("plain ");
        Open(list.DeepClone(), """{"style":"x"}""").Render(messages).ShouldBe("plain x");
        Open(list.DeepClone(), """{"chat_template":"tool_use"}""").Render(messages, tools.RootElement).ShouldBe("f for hi");
        Should.Throw<TenonException>(() =>
            Open(list.DeepClone(), """{"chat_template":"rag"}""")).Message.ShouldContain("default, tool_use");
    }

    [Theory]
    [InlineData("{{ raise_exception('System messages are not supported') }}", "TemplateError: System messages are not supported")]
    [InlineData("{{ messages[0].a.b }}", "UndefinedError")]
    [InlineData("{{ 1 + 'a' }}", "TypeError")]
    [InlineData("{% if %}", "TemplateSyntaxError")]
    [InlineData("{{ messages|nofilter }}", "TemplateAssertionError")]
    [InlineData("{% for i in range(100000000) %}{% endfor %}", "Error")]
    [InlineData("{{ ''.__class__ }}{{ ''.__class__.__mro__ }}", "Error")]
    public void A_template_that_refuses_or_fails_is_an_error_a_person_can_act_on(string template, string fault)
    {
        var encoder = Open(template);
        foreach (var call in
            (Action[])[() => encoder.Encode("hi"), () => encoder.Encode([new PromptMessage("user", "hi")]),
            () => encoder.Render("hi", "be brief")])
        {
            var message = Should.Throw<TenonException>(call).Message;
            foreach (var part in (string[])["the chat template of", fault, "Hint:"]) message.ShouldContain(part);
        }
    }
}
