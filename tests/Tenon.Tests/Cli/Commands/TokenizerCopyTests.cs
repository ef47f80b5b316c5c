using Tenon.Rollouts;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli.Commands;

/// <summary>Merging and exporting need no tokenizer: what is there is copied unread, what is not is said.</summary>
public sealed class TokenizerCopyTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("whole", true)]
    [InlineData("none", false)]
    [InlineData("unreadable", true)]
    public void A_model_is_written_with_what_its_folder_has(string kind, bool copies)
    {
        var model = _folder["model"];
        Call.Tenon("model", "export", "tiny", model).Exit.ShouldBe(0);
        Directory.CreateDirectory(Path.Combine(model, "additional_chat_templates"));
        File.WriteAllText(Path.Combine(model, "additional_chat_templates", "tool_use.jinja"), "{{ tools }}");
        File.WriteAllText(Path.Combine(model, "chat_template.jinja"), "{{ messages }}");
        if (kind == "none") File.Delete(Path.Combine(model, "tokenizer.json"));
        if (kind == "unreadable") File.WriteAllText(Path.Combine(model, "tokenizer.json"), "{\"model\":{\"type\":\"Future\"}}");
        var adapter = _folder["adapter"];
        Directory.CreateDirectory(adapter);
        var tiny = LanguageModel.OpenWeights("tiny", Tenon.Tensors.Precision.F32, 1).Model;
        using (var set = Tenon.Adapters.AdapterMethod.Of("lora").Create(tiny, new Tenon.Adapters.AdapterSettings { Rank = 2 }))
            Tenon.Adapters.PeftFolder.Save(set, adapter, "tiny");
        foreach (var (call, target) in new (string[], string)[]
        {
            (["model", "export", model, _folder["exported"]], "exported"),
            (["adapter", "merge", adapter, "--model", model, "--output", _folder["merged"]], "merged"),
            (["model", "export", model, _folder["both"], "--adapter", adapter], "both"),
            (["adapter", "to-lora", adapter, "--model", model, "--output", _folder["lora"]], ""),
            (["adapter", "convert", adapter, "--output", _folder["converted"]], ""),
        })
        {
            var made = Call.Tenon(call);
            made.Exit.ShouldBe(0, made.Error);
            if (target.Length == 0) continue;
            made.Error.Contains("has no tokenizer.json", StringComparison.Ordinal).ShouldBe(!copies);
            File.Exists(Path.Combine(_folder[target], "tokenizer.json")).ShouldBe(copies);
            File.ReadAllText(Path.Combine(_folder[target], "additional_chat_templates", "tool_use.jinja")).ShouldBe("{{ tools }}");
            File.ReadAllText(Path.Combine(_folder[target], "chat_template.jinja")).ShouldBe("{{ messages }}");
            if (!copies) made.Error.ShouldContain("tokenizer_config.json");
        }
    }
}
