using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

[Trait("Speed", "slow")]
public class SpectraCommandTests
{
    [Theory]
    [InlineData("lora")]
    [InlineData("pissa")]
    [InlineData("milora")]
    [InlineData("adalora")]
    [InlineData("dora")]
    [InlineData("full")]
    [InlineData("ia3")]
    [InlineData("ln-tuning")]
    [InlineData("oft")]
    public void Every_matrix_has_a_line_and_the_last_says_whether_it_collapsed(string method)
    {
        using var folder = new TemporaryFolder();
        var run = Train(folder, method);
        var call =
            Call.Tenon("spectra", "tiny", "--run", run, "--json", "--modules", "layers.0.", "--angles", "2", "--exact");
        call.Exit.ShouldBe(0, call.Error);
        var lines = call.Lines.Select(l => JsonNode.Parse(l)!).ToList();
        var norms = lines.Count(l => (string?)l["kind"] == "norm");
        norms.ShouldBe(method is "full" or "ln-tuning" ? 4 : 0);
        (lines.Count - 1 - norms).ShouldBe(method == "ln-tuning" ? 0 : 14);
        foreach (var line in lines.SkipLast(1))
        {
            line["step"]!.GetValue<int>().ShouldBeInRange(1, 2);
            line["energy"]!.AsArray().Sum(x => x!.GetValue<double>()).ShouldBe(1, 1e-9);
            line["energy"]!.AsArray().Count.ShouldBe(10);
            line["update_norm"]!.GetValue<double>().ShouldBeGreaterThan(0);
            line["angles_left"]!.AsArray().Count.ShouldBe(2);
            line["sparsity"]!.GetValue<double>().ShouldBeInRange(0, 1);
            line["stable_rank"]!.GetValue<double>().ShouldBeGreaterThanOrEqualTo(1 - 1e-9);
            line["effective_rank"]!.GetValue<double>().ShouldBeGreaterThanOrEqualTo(line["stable_rank"]!.GetValue<double>() - 1e-9);
            line["known"]!.GetValue<int>().ShouldBe(line["directions"]!.GetValue<int>());

            // What turns the outputs leaves the spectrum where it is; all else moves it.
            if (method == "oft") line["shift"]!.GetValue<double>().ShouldBeLessThan(1e-6);
            else line["shift"]!.GetValue<double>().ShouldBeGreaterThan(0);
        }

        lines[^1]["summary"]!["steps"]!.ToJsonString().ShouldBe("[1,2]");
        lines[^1].AsObject().ContainsKey("collapse").ShouldBeTrue();
    }

    [Fact]
    public void A_cache_and_a_drawing_are_written_where_asked_for()
    {
        using var folder = new TemporaryFolder();
        var run = Train(folder, "lora");
        string[] words =
            ["spectra", "tiny", "--adapter", Path.Combine(run, "checkpoints", "2"), "--modules", "layers.0.self_attn",
            "--cache", folder.File("svd")];
        var first = Call.Tenon([.. words, "--plots", folder.File("plots")]);
        first.Exit.ShouldBe(0, first.Error);
        first.Out.ShouldContain("first tenth");
        first.Out.ShouldContain("collapse");
        Directory.GetFiles(folder.File("plots"), "*.svg").ShouldNotBeEmpty();
        Directory.GetFiles(folder.File("svd")).Length.ShouldBe(4);
        var again = Call.Tenon(words);
        again.Out.ShouldBe(first.Out);
        again.Error.ShouldNotContain("kept");
        again.Error.ShouldContain("4 decompositions were in");
    }

    [Fact]
    public void A_run_by_its_folder_some_of_its_steps_and_a_report_of_its_lines()
    {
        using var folder = new TemporaryFolder();
        var run = Train(folder, "lora");
        string[] words = ["--modules", "layers.0.self_attn", "--json"];
        var all = Call.Tenon(["spectra", "tiny", "--adapter", run, .. words]);
        all.Exit.ShouldBe(0, all.Error);
        Call.Tenon(["spectra", "tiny", "--run", run, .. words]).Out.ShouldBe(all.Out);
        var last = Call.Tenon(["spectra", "tiny", "--run", run, "--steps", "2", .. words]);
        last.Lines.SkipLast(1).ShouldBe(all.Lines.SkipLast(1).Where(l => l.Contains("\"step\":2,", StringComparison.Ordinal)));
        Call.Tenon(["spectra", "tiny", "--run", run, "--steps", "3", .. words]).Error.ShouldContain("steps with a checkpoint: 1, 2");

        File.WriteAllText(folder.File("spectra.jsonl"), all.Out);
        var report = Call.Tenon("report", folder.File("spectra.jsonl"), "--output", folder.File("spectra.html"));
        report.Exit.ShouldBe(0, report.Error);
        var page = File.ReadAllText(folder.File("spectra.html"));
        foreach (var part in new[] { "by kind of matrix", "by step", "Energy of the update", "largest before", "When an update counts" })
            page.ShouldContain(part);
        var direct = Call.Tenon("spectra", "tiny", "--run", run, "--modules", "layers.0.self_attn", "--report", folder.File("d.html"));
        direct.Exit.ShouldBe(0, direct.Error);
        Data(folder.File("d.html"))["spectra"]!.ToJsonString().ShouldBe(Data(folder.File("spectra.html"))["spectra"]!.ToJsonString());

        static JsonNode Data(string file)
        {
            var page = File.ReadAllText(file);
            const string Mark = "id=\"report-data\">";
            var from = page.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length;
            return JsonNode.Parse(page[from..page.IndexOf("</script>", from, StringComparison.Ordinal)])!;
        }
    }

    [Fact]
    public void A_second_model_and_first_directions_alone()
    {
        using var folder = new TemporaryFolder();
        var run = Train(folder, "lora");
        var adapter = Path.Combine(run, "checkpoints", "2");
        Call.Tenon("adapter", "merge", adapter, "--model", "tiny", "--output", folder.File("merged")).Exit.ShouldBe(0);
        string[] words = ["--modules", "layers.1.mlp", "--json", "--angles", "0"];
        var merged = Call.Tenon(["spectra", "tiny", "--after", folder.File("merged"), .. words]);
        merged.Exit.ShouldBe(0, merged.Error);
        var whole = Call.Tenon(["spectra", "tiny", "--adapter", adapter, .. words]).Lines.Select(l => JsonNode.Parse(l)!).ToList();
        var after = merged.Lines.Select(l => JsonNode.Parse(l)!).ToDictionary(l => (string?)l["module"] ?? "");
        var first = Call.Tenon(["spectra", "tiny", "--adapter", adapter, "--randomized", "--top", "20", .. words]).Lines
            .Select(l => JsonNode.Parse(l)!).ToList();
        first.Count.ShouldBe(whole.Count);
        foreach (var (line, some) in whole.SkipLast(1).Zip(first))
        {
            // The merged weights are rounded to float32, which the factors are not.
            var other = after[(string)line["module"]!];
            Number(other, "update_norm").ShouldBe(Number(line, "update_norm"), 1e-4 * Number(line, "update_norm"));
            Number(other, "principal_half").ShouldBe(Number(line, "principal_half"), 1e-3);

            some["known"]!.GetValue<int>().ShouldBe(20);
            some["principal_half"].ShouldBeNull();
            some["energy"]![9].ShouldBeNull();
            some["effective_rank"]!.GetValue<double>().ShouldBe(Number(line, "effective_rank"), 1e-9);
            Number(some, "largest_before").ShouldBe(Number(line, "largest_before"), Number(some, "value_error") + 1e-9);

            // Of a wide weight the whole decomposition counts only what lies in its directions.
            if (line["rows"]!.GetValue<int>() >= line["columns"]!.GetValue<int>())
                some["energy"]![0]!.GetValue<double>().ShouldBe(line["energy"]![0]!.GetValue<double>(), 0.02);
            Number(some, "range_error").ShouldBeGreaterThan(0);
        }

        static double Number(JsonNode line, string key) => line[key]!.GetValue<double>();
    }

    [Fact]
    public void A_collapsed_run_is_named_after_its_manner()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("r.yaml"), """
            model: tiny
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            adapter: { method: pissa, rank: 16, alpha: 32 }
            rollout: { prompts: 16, group: 8, max-new-tokens: 48 }
            optimizer: { learning-rate: 3.0e-3 }
            checkpoint: { every: 1, keep: 0 }
            steps: 8
            """);
        Call.Tenon("train", folder.File("r.yaml"), "--output", folder.File("run")).Error.ShouldContain("diverged");
        var call = Call.Tenon("spectra", "tiny", "--run", folder.File("run"), "--angles", "0");
        call.Out.ShouldContain("Collapse: accuracy fell to 0 %");
        call.Out.ShouldContain("as PiSSA's does");

        // A checkpoint by itself is still its run's.
        var last = Directory.GetDirectories(folder.File("run/checkpoints")).OrderBy(f => int.Parse(Path.GetFileName(f))).Last();
        Call.Tenon("spectra", "tiny", "--adapter", last, "--angles", "0").Out.ShouldContain("Collapse: accuracy fell to 0 %");
    }

    [Fact]
    public void What_has_no_spectrum_is_a_wrong_call()
    {
        Call.Tenon("spectra", "tiny")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("--adapter DIR or --run DIR"));
        Call.Tenon("spectra", "tiny", "--run", "/nowhere").Exit.ShouldBe(2);
        Call.Tenon("spectra", "/nowhere", "--adapter", "/nowhere").Exit.ShouldBe(2);
        Call.Tenon("spectra", "tiny", "--adapter", "/nowhere")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("an adapter folder"));
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("config.json"), "{}");
        Call.Tenon("spectra", "tiny", "--adapter", folder.Path)
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("--after"));
        Call.Tenon("spectra", "tiny", "--after", "tiny", "--adapter", "x").Error.ShouldContain("--adapter and --after");
        Call.Tenon("spectra", "tiny", "--after", "tiny", "--modules", "no_such")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("none named no_such"));
        Call.Tenon("spectra", "tiny", "--after", "tiny", "--exact", "--randomized").Exit.ShouldBe(2);
        Call.Tenon("spectra", "tiny", "--after", "tiny", "--top", "0").Exit.ShouldBe(2);
        Call.Tenon("spectra", "tiny", "--after", "tiny", "--angles", "-1").Exit.ShouldBe(2);
    }

    [Fact]
    public void Files_that_are_cut_or_belong_elsewhere_say_so()
    {
        using var folder = new TemporaryFolder();
        var run = Train(folder, "lora");
        var adapter = Path.Combine(run, "checkpoints", "2");
        File.WriteAllText(folder.File("config.json"), """
            {"model_type": "llama", "hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
             "num_key_value_heads": 2, "vocab_size": 300, "tie_word_embeddings": true, "rms_norm_eps": 1e-5,
             "max_position_embeddings": 256, "rope_theta": 10000.0, "eos_token_id": 1}
            """);
        var other = folder.File("other");
        Call.Tenon("model", "random", "--like", folder.File("config.json"), other).Exit.ShouldBe(0);
        Fails(Call.Tenon("spectra", other, "--adapter", adapter), "expected");
        Fails(Call.Tenon("spectra", "tiny", "--after", other), "do not belong together");
        var tensors = Path.Combine(adapter, "adapter_model.safetensors");
        File.WriteAllBytes(tensors, File.ReadAllBytes(tensors)[..^100]);
        Fails(Call.Tenon("spectra", "tiny", "--adapter", adapter), "adapter_model.safetensors");
        Fails(Call.Tenon("spectra", "tiny", "--update", tensors), "adapter_model.safetensors");

        static void Fails(Call call, string says)
        {
            call.Exit.ShouldNotBe(0);
            call.Error.ShouldContain(says);
            call.Error.ShouldNotContain("   at ");
        }
    }

    /// <summary>Two steps on the embedded model with a checkpoint after each.</summary>
    private static string Train(TemporaryFolder folder, string method)
    {
        var recipe = folder.File("r.yaml");
        File.WriteAllText(recipe, $$"""
            model: tiny
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            adapter: { method: {{method}} }
            rollout: { prompts: 6, group: 4, max-new-tokens: 48 }
            checkpoint: { every: 1, keep: 0 }
            steps: 2
            """);
        var call = Call.Tenon("train", recipe, "--output", folder.File("run"));
        call.Exit.ShouldBe(0, call.Error);
        return folder.File("run");
    }
}
