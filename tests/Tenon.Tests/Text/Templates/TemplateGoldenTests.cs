using System.Text.Json;
using Tenon.Tests.Support;
using Tenon.Text.Templates;

namespace Tenon.Tests.Text.Templates;

public class TemplateGoldenTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_conversation_renders_as_transformers_renders_it()
    {
        var folder = GoldenFolder.Require("templates");
        var lines = File.ReadLines(Path.Combine(folder, "chats.jsonl")).Select(line =>
        {
            var name = JsonDocument.Parse(line).RootElement.GetProperty("template").GetString();
            var text = File.ReadAllText(Path.Combine(folder, "templates", name + ".jinja"));
            // The file's "template" is a name; the exchange format's is the text.
            return line.Replace("{\"template\": \"" + name + "\"", "{\"template\": " + JsonSerializer.Serialize(text),
                StringComparison.Ordinal);
        });
        Check(lines);
    }

    [Fact]
    public void Every_general_case_renders_as_Jinja_renders_it() =>
    Check(File.ReadLines(Path.Combine(GoldenFolder.Require("templates"), "jinja.jsonl")));

    private void Check(IEnumerable<string> lines)
    {
        var render = new RenderLine();
        var failures = new List<string>();
        var count = 0;
        foreach (var line in lines)
        {
            count++;
            var expected = JsonDocument.Parse(line).RootElement;
            var answer = JsonDocument.Parse(render.Answer(line)).RootElement;
            if (!Agrees(expected, answer)) failures.Add($"{line}\n  got {answer}");
        }
        output.WriteLine($"{count} cases, {failures.Count} failures");
        failures.ShouldBeEmpty();
    }

    private static bool Agrees(JsonElement expected, JsonElement answer)
    {
        if (expected.TryGetProperty("rendered", out var rendered))
            return answer.TryGetProperty("rendered", out var text) && text.GetString() == rendered.GetString();
        if (!answer.TryGetProperty("error", out var error)) return false;
        var wanted = expected.GetProperty("error");
        var kind = wanted.GetProperty("kind").GetString();
        return error.GetProperty("kind").GetString() == kind
            && (kind != "TemplateError" || error.GetProperty("message").GetString() == wanted.GetProperty("message").GetString());
    }
}
