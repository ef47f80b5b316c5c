using System.Text.Json.Nodes;
using Tenon.Recipes;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training;

/// <summary>The trainer with rollouts that a script hands it, and what becomes of an evaluation that is given up.</summary>
public sealed class RlvrTrainerTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private TrainingSetup Setup(params string[] overrides) => RunBuilder.Build(RecipeFile.Load<RunSettings>(_runs.Recipe("""
        model: tiny
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 2, group: 4, max-new-tokens: 8, temperature: 2.0 }
        reward: [{ name: regex, pattern: '=[0-9]', match: anywhere, where: all }]
        objective: { preset: grpo }
        steps: 3
        seed: 7
        checkpoint: { every: 0 }
        """), overrides));

    private RunFolder Folder(string name, TrainingSetup setup) =>
        RunFolder.Create(Path.Combine(_runs.Folder, name), RunBuilder.Describe(setup));

    [Fact]
    public void A_scripted_source_trains_to_the_bits_of_the_run_that_it_repeats()
    {
        using var first = Setup();
        using var own = Folder("own", first);
        var recorded = new Recorded(first.LocalRollouts());
        new RlvrTrainer(first, own, Nobody, recorded).Run();

        using var second = Setup();
        using var scripted = Folder("scripted", second);
        var script = new Script(recorded.Batches);
        new RlvrTrainer(second, scripted, Nobody, script).Run();
        script.Steps.ShouldBe([1, 2, 3]);
        TinyRuns.ShouldBeTheSame(scripted.Folder, TinyRuns.Contents(own.Folder));
        var line = JsonNode.Parse(File.ReadLines(own.SamplesFile(1)).First())!;
        ((string)line["prompt"]!).ShouldContain((string)line["problem"]!);
    }

    [Fact]
    public void Steps_without_a_group_to_train_on_are_said_and_stop_the_run_with_the_reason()
    {
        using var setup = Setup("rollout.dynamic-sampling=true", "rollout.max-empty-steps=2", "steps=6");
        using var folder = Folder("empty", setup);
        var said = new List<string>();
        var fault = Should.Throw<TenonException>(() => new RlvrTrainer(setup, folder, e =>
        {
            if (e is Remark remark) said.Add(remark.Text);
        }, new Empty(setup.Rewards)).Run());
        fault.Message.ShouldContain("2 steps in a row");
        said.ShouldContain(m => m.Contains("nothing to learn from"));
        folder.CheckpointSteps().ShouldBe([2]);
        var line = JsonNode.Parse(File.ReadLines(folder.MetricsFile).Last())!;
        ((int)line["groups_kept"]!, (int)line["groups_missing"]!).ShouldBe((0, 2));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1, Traits = ["Speed", "slow"])]
    [InlineData(2, Traits = ["Speed", "slow"])]
    public void An_evaluation_that_is_given_up_is_made_when_the_run_goes_on(int at)
    {
        string[] overrides =
            ["steps=2", "evaluate.every=1", "evaluate.problems=6", "evaluate.max-new-tokens=64", "evaluate.benchmarks=[held-out@2]"];
        using var whole = Setup(overrides);
        using var expected = Folder("whole", whole);
        new RlvrTrainer(whole, expected, Nobody).Run();

        using var setup = Setup(overrides);
        string path;
        using (var folder = Folder("stopped", setup))
        {
            path = folder.Folder;
            using var stop = new CancellationTokenSource();
            new RlvrTrainer(setup, folder, StopIn(at, stop)).Run(stop.Token);
            folder.CheckpointSteps().LastOrDefault().ShouldBe(at);
            File.ReadLines(folder.MetricsFile).Count().ShouldBe(at);
        }

        using var again = Setup(overrides);
        using var resumed = RunFolder.Open(path);
        var trainer = new RlvrTrainer(again, resumed, Nobody);
        trainer.Resume();
        trainer.Run();
        TinyRuns.ShouldBeTheSame(path, TinyRuns.Contents(expected.Folder));
        foreach (var (step, own) in expected.EvaluationFolders())
            File.ReadAllText(Path.Combine(resumed.EvaluationFolder("held-out@2", step), "samples.jsonl"))
                .ShouldBe(File.ReadAllText(Path.Combine(own, "samples.jsonl")));
    }

    [Theory, Trait("Speed", "slow")]
    [InlineData(1)]
    [InlineData(2)]
    public void Of_several_benchmarks_all_count_or_none_where_an_evaluation_is_given_up(int at)
    {
        var other = Path.Combine(_runs.Folder, "other.jsonl");
        File.WriteAllText(other, string.Concat(Enumerable.Range(0, 6).Select(i => $"{{\"problem\":\"1{i}+2=?\",\"answer\":\"1{i + 2}\"}}\n")));
        string[] overrides =
            ["steps=2", "evaluate.every=1", "evaluate.problems=6", "evaluate.max-new-tokens=64", $"evaluate.benchmarks=[held-out@2,{other}@2]",
            "checkpoint.every=1", "checkpoint.best=true", "early-stop.patience=9"];
        using var whole = Setup(overrides);
        using var expected = Folder("whole", whole);
        new RlvrTrainer(whole, expected, Nobody).Run();

        using var setup = Setup(overrides);
        string path;
        using (var folder = Folder("stopped", setup))
        {
            path = folder.Folder;
            using var stop = new CancellationTokenSource();
            new RlvrTrainer(setup, folder, StopIn(at, stop, evaluations: 2)).Run(stop.Token);
            MetricsLog.Last(folder.MetricsFile, at)!.Any(m => m.Key.Name.StartsWith("eval/", StringComparison.Ordinal)).ShouldBeFalse();
        }

        using var again = Setup(overrides);
        using var resumed = RunFolder.Open(path);
        var trainer = new RlvrTrainer(again, resumed, Nobody);
        trainer.Resume();
        trainer.Run();
        TinyRuns.ShouldBeTheSame(path, TinyRuns.Contents(expected.Folder));
        foreach (var step in new[] { 1, 2 })
            File.ReadAllText(Path.Combine(path, "checkpoints", $"{step}", "trainer.json"))
                .ShouldBe(File.ReadAllText(Path.Combine(expected.Folder, "checkpoints", $"{step}", "trainer.json")));
    }

    [Fact]
    public void A_run_that_patience_ends_says_so_and_is_no_stopped_one()
    {
        string[] overrides =
            ["steps=9", "evaluate.every=1", "evaluate.problems=2", "evaluate.max-new-tokens=1", "evaluate.benchmarks=[held-out@1]",
            "early-stop.patience=2"];
        using var setup = Setup(overrides);
        using var folder = Folder("early", setup);
        var heard = new List<TrainingEvent>();
        new RlvrTrainer(setup, folder, heard.Add).Run();
        var end = heard.OfType<RunEnded>().Single();
        (end.Step, end.Stopped).ShouldBe((3, false));
        end.Early.ShouldBe("2 evaluations without a better held-out accuracy than that of step 1 (early-stop.patience)");
        heard.OfType<Remark>().ShouldContain(new Remark($"step 3: {end.Early}: the run ends"));
        folder.CheckpointSteps().ShouldBe([1, 3]);
        folder.Dispose();

        using var again = Setup(overrides);
        using var resumed = RunFolder.Open(folder.Folder);
        heard.Clear();
        var trainer = new RlvrTrainer(again, resumed, heard.Add);
        trainer.Resume();
        trainer.Run();
        heard.OfType<RunEnded>().Single().Early.ShouldBe(end.Early);
    }

    private static void Nobody(TrainingEvent e) { }

    /// <summary>Asks for an end in the middle of the evaluation of a step.</summary>
    private static Action<TrainingEvent> StopIn(int at, CancellationTokenSource stop, int evaluations = 1)
    {
        var (step, trained, evaluated) = (0, 0, 0);
        return e =>
        {
            if (e is StepDone done) step = done.Metrics.Step;
            // The step's own line is written after its evaluation, so that the last step seen is the one before.
            if (e is PhaseMoved { Phase: StepPhase.Evaluating, Share: > 0.2 and < 1 } && step == Math.Max(0, at - 1)
                && (at == 0 || trained == at) && evaluated >= evaluations - 1) stop.Cancel();
            if (e is EvaluationDone) evaluated++;
            if (e is PhaseMoved { Phase: StepPhase.Training, Share: 0 }) (trained, evaluated) = (trained + 1, 0);
        };
    }

    private sealed class Recorded(IRolloutSource inner) : IRolloutSource
    {
        public List<RolloutBatch> Batches { get; } = [];

        public RolloutBatch Draw(int step, RolloutState state, Action<double>? progress = null, CancellationToken cancel = default)
        {
            Batches.Add(inner.Draw(step, state, progress, cancel));
            return Batches[^1];
        }
    }

    private sealed class Script(IReadOnlyList<RolloutBatch> batches) : IRolloutSource
    {
        public List<int> Steps { get; } = [];

        public RolloutBatch Draw(int step, RolloutState state, Action<double>? progress = null, CancellationToken cancel = default)
        {
            Steps.Add(step);
            return batches[step - 1];
        }
    }

    private sealed class Empty(IReadOnlyList<WeightedReward> rewards) : IRolloutSource
    {
        public RolloutBatch Draw(int step, RolloutState state, Action<double>? progress = null, CancellationToken cancel = default) =>
            new(new RolloutStatistics(rewards), [], state with { Cursor = state.Cursor + 2 }) { Wanted = 2 };
    }
}
