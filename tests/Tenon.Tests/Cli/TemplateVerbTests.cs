using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>
/// Templates and tokenizers as a person meets them on the command line: arguments, names, and files that are damaged or refuse.
/// </summary>
public sealed class TemplateVerbTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Model(Action<JsonObject> change, string file = "tokenizer_config.json")
    {
        var model = _folder["model"];
        if (!Directory.Exists(model)) Call.Tenon("model", "export", "tiny", model).Exit.ShouldBe(0);
        var path = Path.Combine(model, file);
        var json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(json);
        File.WriteAllText(path, json.ToJsonString());
        return model;
    }

    private string Recipe(string model, string more = "")
    {
        File.WriteAllText(_folder["r.yaml"],
            $"model: {model}\ndata: {{ task: {{ name: arithmetic, level: 2 }}, prompt: plain }}\nrollout: {{ prompts: 2, group: 2, "
            + $"max-new-tokens: 8 }}\nsteps: 1\n{more}\n");
        return _folder["r.yaml"];
    }

    private IEnumerable<string[]> Verbs(string model)
    {
        File.WriteAllText(_folder["b.jsonl"], """{"id":"1","problem":"1+1=?","answer":"2"}""" + "\n");
        yield return ["train", Recipe(model), "--output", _folder["run"]];
        yield return ["eval", model, "--benchmark", _folder["b.jsonl"] + "@1", "--max-new-tokens", "4", "--output", _folder["eval"]];
        yield return ["chat", model, "--max-new-tokens", "4"];
        yield return ["generate", model, "--chat-template", "1+1=?", "--max-new-tokens", "4"];
    }

    [Theory]
    [InlineData("{{ raise_exception('no user here') }}", "no user here")]
    [InlineData("{{ messages[0].turn.number }}", "UndefinedError")]
    [InlineData("{{ messages + 1 }}", "TypeError")]
    [InlineData("{% for %}", "TemplateSyntaxError")]
    public void A_template_that_refuses_or_fails_is_an_error_in_every_verb(string template, string fault)
    {
        var model = Model(c => c["chat_template"] = template);
        foreach (var verb in Verbs(model))
        {
            var call = Call.With("hi\n", verb);
            call.Exit.ShouldBe(1, verb[0] + call.Error);
            call.Error.ShouldContain(fault, Case.Sensitive, verb[0]);
            call.Error.ShouldContain("Hint:", Case.Sensitive, verb[0]);
        }
    }

    [Theory]
    [InlineData("tokenizer_config.json", "{\"chat_template\": 7}", "chat_template")]
    [InlineData("tokenizer_config.json", "{\"eos_token\": [1]}", "eos_token")]
    [InlineData("tokenizer_config.json", "{\"eos_token\"", "not valid JSON")]
    [InlineData("tokenizer.json", "{\"model\": {\"type\": \"BPE\", \"vocab\": [], \"merges\": []}}", "model.vocab")]
    [InlineData("tokenizer.json", "", "not valid JSON")]
    [InlineData("special_tokens_map.json", "[]", "a JSON object")]
    public void A_malformed_file_is_named_in_every_verb(string file, string text, string fault)
    {
        var model = Model(_ => { });
        File.WriteAllText(Path.Combine(model, file), text);
        File.WriteAllText(_folder["in.jsonl"], """{"text":"a","prompt":"a","completion":"b","messages":[]}""" + "\n");
        foreach (var verb in Verbs(model).Concat([
            ["tokenize", model, "--input", _folder["in.jsonl"]], ["render", model, "--input", _folder["in.jsonl"]],
                ["score", model, "--input", _folder["in.jsonl"]]]))
        {
            var call = Call.With("hi\n", verb);
            call.Exit.ShouldBe(1, verb[0] + call.Error);
            foreach (var part in (string[])[file, fault]) call.Error.ShouldContain(part, Case.Sensitive, verb[0]);
        }
        var inspect = Call.Tenon("model", "inspect", model);
        inspect.Exit.ShouldBe(0);
        inspect.Out.ShouldContain(file);
    }

    [Fact]
    public void Arguments_of_the_template_come_from_the_command_line_and_from_a_recipe()
    {
        var model =
            Model(c => c["chat_template"] =
            "{% if not enable_thinking|default(true) %}{{ raise_exception('thinking is off') }}{% endif %}{{ messages[-1].content }}");
        foreach (var verb in Verbs(model).Skip(1))
        {
            Call.With("hi\n", [.. verb, "--template-arg", "enable_thinking=false"]).Error.ShouldContain("thinking is off", Case.Sensitive,
                verb[0]);
            Call.With("hi\n", [.. verb, "--template-arg", "enable_thinkin=false"]).Exit.ShouldBe(2, verb[0]);
            Call.With("hi\n", [.. verb, "--template-arg", "enable_thinking"]).Exit.ShouldBe(2, verb[0]);
            Call.With("hi\n", [.. verb, "--template-arg", "enable_thinking=False"]).Error.ShouldContain("true, false or null");
        }
        Call.Tenon("train", Recipe(model, "template: { enable_thinking: false }"), "--output",
            _folder["run"]).Error.ShouldContain("thinking is off");
        Call.Tenon("train", Recipe(model), "--set", "template.enable_thinking=false", "--output",
            _folder["run2"]).Error.ShouldContain("thinking is off");
        Call.Tenon("train", Recipe(model, "template: { frobnicate: 1 }"), "--output", _folder["run3"]).Exit.ShouldBe(2);
        var fine = Call.Tenon("train", Recipe(model, "template: { enable_thinking: true }"), "--output", _folder["fine"]);
        fine.Exit.ShouldBe(0, fine.Error);
        JsonNode.Parse(File.ReadAllText(Path.Combine(_folder["fine"], "run.json")))!["recipe"]!["template"]!.ToJsonString()
            .ShouldBe("""{"enable_thinking":true}""");
    }

    [Fact]
    public void A_rule_for_gguf_files_is_refused_where_a_tokenizer_says_its_own()
    {
        Call.With("""{"text":"a"}""", "tokenize", "tiny", "--input", "-", "--tokenizer-pre", "qwen2").Exit.ShouldBe(2);
        Call.With("""{"text":"a"}""", "tokenize", "tiny", "--input", "-").Out.ShouldBe("{\"ids\":[97]}\n");
    }
}
