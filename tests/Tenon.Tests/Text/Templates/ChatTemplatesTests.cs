using System.Text.Json.Nodes;
using Tenon.Tests.Support;
using Tenon.Text.Templates;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Text.Templates;

/// <summary>Which of several templates counts: as transformers' <c>get_chat_template</c> decides it.</summary>
public class ChatTemplatesTests
{
    private static JsonArray List(params string[] names) =>
        new([.. names.Select(n => (JsonNode)new JsonObject { ["name"] = n, ["template"] = $"{n}:{{{{ messages|length }}}}" })]);

    private static ChatTemplates Open(TempFolder folder, JsonNode? template, params (string File, string Text)[] files)
    {
        var config = SmallTokenizer.Config();
        config["chat_template"] = template;
        SmallTokenizer.Write(folder["t"], config: config);
        foreach (var (file, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder["t"], file))!);
            File.WriteAllText(Path.Combine(folder["t"], file), text);
        }
        return TokenizerSource.Open(folder["t"]).Templates!;
    }

    [Fact]
    public void Tools_take_the_template_for_tools_and_a_name_goes_before_them()
    {
        using var folder = new TempFolder();
        var all = Open(folder, List("tool_use", "default", "rag"));
        all.Select(null, tools: false).ShouldStartWith("default:");
        all.Select(null, tools: true).ShouldStartWith("tool_use:");
        all.Select("rag", tools: true).ShouldStartWith("rag:");
        all.Select("{{ 1 }}", tools: true).ShouldBe("{{ 1 }}");
        all.Named("default").ShouldStartWith("default:");
        Should.Throw<TemplateException>(() => all.Named("none")).Message.ShouldContain("default, rag, tool_use");
    }

    [Fact]
    public void Tools_without_a_template_of_their_own_take_the_default()
    {
        using var folder = new TempFolder();
        Open(folder, List("rag", "default")).Select(null, tools: true).ShouldStartWith("default:");
        Open(folder, "plain").Select(null, tools: true).ShouldBe("plain");
    }

    [Fact]
    public void A_list_without_a_default_is_an_error_but_for_tools_or_a_name()
    {
        using var folder = new TempFolder();
        var all = Open(folder, List("tool_use", "rag"));
        var error = Should.Throw<TemplateException>(() => all.Select(null, tools: false));
        error.Kind.ShouldBe("ValueError");
        error.Message.ShouldContain("['rag', 'tool_use']");
        all.Select(null, tools: true).ShouldStartWith("tool_use:");
        all.Select("rag", tools: false).ShouldStartWith("rag:");
        all.Default.ShouldBeNull();
        TokenizerSource.Open(folder["t"]).Templates.ShouldNotBeNull();
    }

    [Fact]
    public void Files_go_before_the_configuration()
    {
        using var folder = new TempFolder();
        var all =
            Open(folder, List("default", "rag"), ("chat_template.jinja", "file"), ("additional_chat_templates/tool_use.jinja", "tools"));
        all.Names.ShouldBe(["default", "tool_use"]);
        all.Select(null, tools: true).ShouldBe("tools");
        all.Select(null, tools: false).ShouldBe("file");
        Directory.Delete(Path.Combine(folder["t"], "additional_chat_templates"), true);
        TokenizerSource.Open(folder["t"]).Templates!.Names.ShouldBeEmpty();
    }

    [Fact]
    public void A_line_is_rendered_with_the_template_that_its_tools_or_its_name_ask_for()
    {
        using var folder = new TempFolder();
        var render = new RenderLine(Open(folder, List("tool_use", "default", "rag")));
        render.Answer("""{"messages":[]}""").ShouldBe("""{"rendered":"default:0"}""");
        render.Answer("""{"messages":[],"tools":[]}""").ShouldBe("""{"rendered":"tool_use:0"}""");
        render.Answer("""{"messages":[],"tools":null}""").ShouldBe("""{"rendered":"default:0"}""");
        render.Answer("""{"messages":[],"tools":[{}],"template_name":"rag"}""").ShouldBe("""{"rendered":"rag:0"}""");
        render.Answer("""{"messages":[],"kwargs":{"chat_template":"rag"}}""").ShouldBe("""{"rendered":"rag:0"}""");
        render.Answer("""{"messages":[],"kwargs":{"chat_template":"{{ bos_token }}"},"special_tokens":{"bos_token":"<s>"}}""")
            .ShouldBe("""{"rendered":"<s>"}""");
        render.Answer("""{"messages":[],"template_name":"x"}""").ShouldContain("ValueError");
        render.Answer("""{"messages":[],"template":"own","template_name":"rag"}""").ShouldBe("""{"rendered":"own"}""");
        new RenderLine(Open(folder, List("rag"))).Answer("""{"messages":[]}""").ShouldContain("no default specified");
    }
}
