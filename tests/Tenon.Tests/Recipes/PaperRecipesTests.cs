using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tenon.Adapters;
using Tenon.Recipes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Recipes;

/// <summary>
/// The runs of arXiv 2512.23165: each recipe parses, plans itself over the shape of its model without weights or data, trains what its name
/// says, and has a twin that runs on the embedded model.
/// </summary>
public sealed partial class PaperRecipesTests : IDisposable
{
    private const int Layers = 28;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Papers() => Files("1.5b", "7b");

    public static TheoryData<string, string> Twins() => Files("tiny");

    private static TheoryData<string, string> Files(params string[] sizes)
    {
        var data = new TheoryData<string, string>();
        foreach (var size in sizes)
            foreach (var file in Directory.GetFiles(Repository.Path($"recipes/perl/{size}"), "*.yaml").Order(StringComparer.Ordinal))
                data.Add(size, Path.GetFileNameWithoutExtension(file));
        return data;
    }

    private static Recipe Load(string size, string name) => Recipe.Load(Repository.Path($"recipes/perl/{size}/{name}.yaml"));

    [Theory, MemberData(nameof(Papers))]
    public void A_run_of_the_paper_plans_what_its_name_says_from_the_shape_of_its_model(string size, string name)
    {
        var settings = Load(size, name).Settings;
        settings.Model.ShouldBe($"models/DeepSeek-R1-Distill-Qwen-{size.ToUpperInvariant()}");
        var method = name.StartsWith("lora-", StringComparison.Ordinal) && name != "lora-fa" ? "lora" : name;
        settings.Adapter.Method.ShouldBe(method);
        if (method != "full") settings.Adapter.Targets.ShouldBe(AdapterTargets.AllLinear);
        (settings.Objective.Kl, settings.Objective.ClipLow, settings.Rollout.Group, settings.Rollout.Temperature)
            .ShouldBe((0.0, 0.2, 8, 1.0));
        (settings.Optimizer.Method, settings.Steps, settings.Seed).ShouldBe(("adamw", size == "7b" ? 8192 : 1024, 42L));
        var rate = name == "full" && size == "1.5b" ? 1e-6 : Named(name, "rate-") ?? 1e-5;
        settings.Optimizer.LearningRate.ShouldBe(rate);
        (settings.Rollout.Prompts * settings.Rollout.Group).ShouldBe((int)(Named(name, "batch-") ?? (size == "7b" ? 32 : 128)));
        settings.Objective.Preset.ShouldBe(name.EndsWith("dr-grpo", StringComparison.Ordinal) ? "dr-grpo"
            : name.EndsWith("grpo", StringComparison.Ordinal) ? "grpo" : "dapo");
        var rank = (int)(Named(name, "rank-") ?? (method == "miss" ? 64 : 32));
        if (settings.Adapter.Rank is { } given) given.ShouldBe(rank);

        var plan = TrainingRun.Plan(Load(size, name).Set($"model={Shape(size)}"));
        plan.Text.ShouldContain($"qwen2, {(size == "7b" ? "7,615,616,512" : "1,777,088,000")} parameters");
        var counted = Trainable().Match(plan.Text);
        counted.Success.ShouldBeTrue(plan.Text[plan.Text.IndexOf("model    ", StringComparison.Ordinal)..]);
        var count = long.Parse(counted.Groups[1].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        if (Expected(size, method, rank) is { } expected) count.ShouldBe(expected);
        else count.ShouldBePositive();
        plan.Text.ShouldContain("memory       all: at most");
        plan.Notices.ShouldContain(note => note.Contains("no weights are read"));
    }

    [Fact]
    public void No_two_runs_of_a_size_are_the_same_and_ablations_differ_from_lora_in_their_key_alone()
    {
        foreach (var size in new[] { "1.5b", "7b", "tiny" })
        {
            var texts = Directory.GetFiles(Repository.Path($"recipes/perl/{size}"))
                .Select(file => RecipeFile.Resolved(Recipe.Load(file).Settings).ToJsonString()).ToList();
            texts.Distinct().Count().ShouldBe(texts.Count);
        }

        foreach (var size in new[] { "1.5b", "tiny" })
        {
            var lora = Load(size, "lora").Settings;
            foreach (var name in Files(size).Select(row => (string)row.Data.Item2).Where(n => Ablation().IsMatch(n)))
            {
                var own = Load(size, name).Settings;
                var (mine, its) = (RecipeFile.Resolved(own), RecipeFile.Resolved(lora));
                mine.Select(pair => pair.Key).Count(key => !JsonNode.DeepEquals(mine[key], its[key])).ShouldBe(1, name);
            }
        }
    }

    [Theory, MemberData(nameof(Twins)), Trait("Speed", "slow")]
    public void A_twin_trains_on_the_embedded_model_with_the_method_and_the_loss_of_its_run(string size, string name)
    {
        var (own, paper) = (Load(size, name), Load("1.5b", name).Settings);
        (own.Settings.Adapter.Method, own.Settings.Objective.Preset, own.Settings.Optimizer.Method, own.Settings.Rollout.Prompts)
            .ShouldBe((paper.Adapter.Method, paper.Objective.Preset, paper.Optimizer.Method, paper.Rollout.Prompts));
        if (name != "miss") own.Settings.Adapter.Rank.ShouldBe(paper.Adapter.Rank);
        var brief = own.Set("steps=1", "rollout.prompts=2", "rollout.group=4", "evaluate.benchmarks=[]");
        using var run = TrainingRun.Create(brief, _folder["run"]);
        run.Train();
        File.ReadLines(Path.Combine(run.Folder, "metrics.jsonl")).Count().ShouldBe(1);
        run.Trainable.ShouldBePositive();
    }

    // Trained values over all seven linear layers of a block, from the definitions of the methods; null where none is written out here.
    private static long? Expected(string size, string method, int rank)
    {
        var (hidden, keys, inner) = size == "7b" ? (3584L, 512L, 18944L) : (1536L, 256L, 8960L);
        (long In, long Out)[] block =
            [(hidden, hidden), (hidden, keys), (hidden, keys), (hidden, hidden), (hidden, inner), (hidden, inner), (inner, hidden)];
        return method switch
        {
            "lora" or "rslora" or "lora+" or "pissa" or "milora" => Layers * block.Sum(l => rank * (l.In + l.Out)),
            "lora-fa" => Layers * block.Sum(l => rank * l.Out),
            "dora" => Layers * block.Sum(l => rank * (l.In + l.Out) + l.Out),
            "miss" => Layers * block.Sum(l => rank * l.Out),
            "vera" => Layers * block.Sum(l => rank + l.Out),
            "ln-tuning" => (2 * Layers + 1) * hidden,
            "full" => size == "7b" ? 7_615_616_512 : 1_777_088_000,
            _ => null,
        };
    }

    private static double? Named(string name, string what)
    {
        var at = name.IndexOf(what, StringComparison.Ordinal);
        return at < 0 ? null : double.Parse(name[(at + what.Length)..], CultureInfo.InvariantCulture);
    }

    private string Shape(string size)
    {
        var (hidden, heads, keys, inner, words) = size == "7b" ? (3584, 28, 4, 18944, 152064) : (1536, 12, 2, 8960, 151936);
        var path = _folder[$"{size}.json"];
        File.WriteAllText(path, $$"""
            { "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": {{hidden}}, "num_attention_heads": {{heads}},
              "num_key_value_heads": {{keys}}, "intermediate_size": {{inner}}, "num_hidden_layers": {{Layers}}, "vocab_size": {{words}},
              "hidden_act": "silu", "max_position_embeddings": 131072, "rms_norm_eps": 1e-06, "rope_theta": 10000,
              "tie_word_embeddings": false, "eos_token_id": 151643, "bos_token_id": 151646, "torch_dtype": "bfloat16" }
            """);
        return path;
    }

    [GeneratedRegex(@"adapter      \S+: ([\d,]+) trainable parameters")]
    private static partial Regex Trainable();

    [GeneratedRegex(@"^lora-(rank|batch|rate|grpo|dr-grpo)")]
    private static partial Regex Ablation();
}
