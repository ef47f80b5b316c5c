using Tenon.Adapters;
using Tenon.Recipes;
using Tenon.Rewards.Tasks;
using Tenon.Training.Settings;

namespace Tenon.Tests.Cli.Recipes;

public class RecipeFileTests
{
    private static RunSettings Load(string yaml, params string[] sets) => RecipeFile.Parse<RunSettings>(yaml, "r.yaml", sets);

    private static string Faults(string yaml, params string[] sets)
    {
        var error = Should.Throw<TenonException>(() => Load(yaml, sets));
        error.IsUsage.ShouldBeTrue();
        return error.Message;
    }

    [Fact]
    public void The_recipe_of_the_contract_is_read()
    {
        var run = Load("""
            model: models/SmolLM2-135M-Instruct.Q4_1.gguf
            precision: f32                    # f32 | bf16
            adapter: { method: lora, rank: 16, alpha: 32, targets: all-linear }
            data:
              train: data/gsm8k-train.jsonl
              prompt: boxed
              system: null
            reward:
              - math
              - { name: soft-overlong, weight: 1.0, buffer: 64 }
            rollout: { prompts: 16, group: 8, max-new-tokens: 512, temperature: 1.0, max-prompt-tokens: 1024, concurrency: auto, share-prompts: true }
            objective: { preset: dapo }
            optimizer: { method: adamw, learning-rate: 1.0e-4, schedule: constant, warmup-steps: 0, max-grad-norm: 1.0 }
            update: { epochs: 1, minibatches: 1, micro-batch-tokens: 8192, recompute: auto }
            steps: 200
            seed: 42
            evaluate: { every: 50, benchmarks: [gsm8k@1] }
            checkpoint: { every: 50, keep: 3 }
            """);
        run.Adapter.Rank.ShouldBe(16);
        run.Reward.Select(reward => reward.Name).ShouldBe(["math", "soft-overlong"]);
        run.Reward[1].Number("buffer").ShouldBe(64);
        run.Rollout.Concurrency.ShouldBeNull();
        run.Optimizer.LearningRate.ShouldBe(1e-4);
        run.Evaluate.Benchmarks.ShouldBe(["gsm8k@1"]);
    }

    [Fact]
    public void Every_fault_is_reported_at_once_with_line_nearest_name_and_range() =>
        Faults("""
            modle: tiny
            data: { task: arithmetic }
            rollout:
              grup: 8
              temperature: 0
              prompts: many
              top-p: 0.9
            adapter: { method: lora, rnak: 8, rank: 0 }
            precision: fp32
            update: { minibatches: 99 }
            optimizer:
              schedule: cosin
            """).ShouldBe("""
            the recipe r.yaml has 10 faults:
              line 1, modle: unknown key; nearest: model
              line 4, rollout.grup: unknown key; nearest: group
              line 5, rollout.temperature: 0 is out of range; expected above 0, at most 100
              line 6, rollout.prompts: 'many' is no whole number; expected 1 to 1000000
              line 7, rollout.top-p: is refused in training: the sampler would draw from another distribution than the trainer scores; expected the full distribution at `temperature`
              line 8, adapter.rnak: unknown key; nearest: rank
              line 8, adapter.rank: 0 is out of range; expected 1 to 65536
              line 9, precision: 'fp32' is no choice; nearest: f32; expected f32, bf16, int8, int8-a16
              line 10, update.minibatches: 99 is more than the 16 groups of a batch; expected 1 to rollout.prompts (16)
              line 12, optimizer.schedule: 'cosin' is no choice; nearest: cosine; expected constant, linear, cosine, cosine-restarts, polynomial, inverse-sqrt, warmup-stable-decay
              Hint: docs/recipes.md explains every key
            """.ReplaceLineEndings("\n"));

    [Theory]
    [InlineData("data: { train: a.jsonl, task: arithmetic }", "line 1, data.task: stands beside train")]
    [InlineData("steps: 3", "data.train: names no problems")]
    [InlineData("data: { task: arithmetic }\nrollout: { group: 1 }", "line 2, rollout.group: a group of 1")]
    [InlineData("data: { task: arithmetic }\nsteps: 3\nsteps: 4", "line 3, steps: stands there twice")]
    [InlineData("data: [1, 2", "no valid YAML")]
    [InlineData("- a\n- b", "line 1: a list is no recipe")]
    [InlineData("data: { task: arithmetic }\n---\nsteps: 2", "a second document begins")]
    [InlineData("data: { task: arithmetic }\nevaluate: { every: 5 }", "line 2, evaluate.every: 5, but there is no benchmark")]
    [InlineData("data: { task: { name: aritmetic } }", "line 1, data.task.name: 'aritmetic' is no choice; nearest: arithmetic")]
    [InlineData("data: { task: { name: sorting, level: 99 } }", "line 1, data.task.level: 99 is more than 'sorting' has")]
    [InlineData("data: { task: arithmetic }\nadapter: { method: lroa }", "line 2, adapter.method: 'lroa' is no choice; nearest: lora")]
    [InlineData("data: { task: arithmetic }\nadapter: { method: vera, use-dora: true }", "adapter.use-dora: contradicts method: vera")]
    [InlineData("data: { task: arithmetic }\noptimizer: { learning-rate: .inf }",
    "optimizer.learning-rate: '.inf' is no number; expected above 0, at most 1000")]
    public void Faults_of_shape_and_contradiction_name_their_place(string yaml, string message) => Faults(yaml).ShouldContain(message);

    [Fact]
    public void Deep_nesting_is_a_fault_and_no_crash() =>
        Faults(new string('[', 20_000)).ShouldContain("nested deeper than");

    [Fact]
    public void Overrides_replace_single_values_and_name_themselves_in_faults()
    {
        var yaml = "data: { task: { name: arithmetic, level: 1 } }\nadapter: lora\nreward: [math]";
        var run =
            Load(yaml, "data.task.level=3", "rollout.group=4", "adapter.rank=2", "adapter.targets=[q_proj, v_proj]", "reward.0.weight=0.5",
            "optimizer.lr=3e-5");
        run.Data.Task!.Level.ShouldBe(new LevelRange(3));
        run.Rollout.Group.ShouldBe(4);
        run.Adapter.ShouldSatisfyAllConditions(a => a.Method.ShouldBe("lora"), a => a.Rank.ShouldBe(2),
            a => a.Targets.ToString().ShouldBe("q_proj,v_proj"));
        run.Reward.ShouldHaveSingleItem().Weight.ShouldBe(0.5);
        run.Optimizer.LearningRate.ShouldBe(3e-5);
        Load(yaml, "data.task=null", "data.train=x.jsonl").Data.ShouldSatisfyAllConditions(d => d.Task.ShouldBeNull(),
            d => d.Train.ShouldBe("x.jsonl"));
        Faults(yaml, "rollout.grup=4", "steps=0", "nonsense").ShouldSatisfyAllConditions(
            text => text.ShouldContain("--set rollout.grup=4, rollout.grup: unknown key; nearest: group"),
            text => text.ShouldContain("--set steps=0, steps: 0 is out of range"),
            text => text.ShouldContain("--set nonsense: expected key=value"));
    }

    [Theory]
    [InlineData("{ method: lora, init: pissa }", "pissa")]
    [InlineData("{ use-dora: true, r: 4 }", "dora")]
    [InlineData("{ method: rs-lora }", "rslora")]
    [InlineData("{ rs-lora: true }", "rslora")]
    [InlineData("layernorm", "ln-tuning")]
    [InlineData("{ method: LoRA, init: gaussian }", "lora")]
    public void Peft_spellings_are_understood(string adapter, string method) =>
        Load($"data: {{ task: arithmetic }}\nadapter: {adapter}").Adapter.Method.ShouldBe(method);

    [Fact]
    public void A_resolved_recipe_gives_the_same_run_also_out_of_run_json()
    {
        var run =
            Load(
            "data: { task: { name: countdown, level: 2 }, prompt: \"Q: {problem}\\nA:\" }\nadapter: { method: vera, d-initial: 0.3, "
            + "seed: 7 }\nreward: [{ name: math, weight: 0.1 }]\nupdate: { recompute: true }");
        var json = RecipeFile.Resolved(run).ToJsonString();
        RecipeFile.Resolved(Load(json)).ToJsonString().ShouldBe(json);
        RecipeFile.Resolved(Load($$"""{"tenon":"1","recipe":{{json}}}""")).ToJsonString().ShouldBe(json);
    }

    [Fact]
    public void Regular_expressions_stay_whole_and_name_lists_are_split()
    {
        Load("data: { task: arithmetic }\nadapter: { targets: 'layers\\.(1|2),x{1,2}' }").Adapter.Targets.ShouldBe(
            new AdapterTargets.Pattern(@"layers\.(1|2),x{1,2}"));
        Load("data: { task: arithmetic }\nadapter: { targets: 'q_proj' }").Adapter.Targets.ShouldBe("q_proj");
        Load("data: { task: arithmetic }\nadapter:\n  targets: q_proj,v_proj").Adapter.Targets.ShouldBe("q_proj,v_proj");
    }

    [Fact]
    public void Every_recipe_of_the_repository_is_without_fault()
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "recipes"), "*.yaml");
        files.ShouldNotBeEmpty();
        foreach (var file in files)
            if (file.Contains("pretrain", StringComparison.Ordinal)) RecipeFile.Load<PretrainSettings>(file);
            else RecipeFile.Load<RunSettings>(file);
    }
}
