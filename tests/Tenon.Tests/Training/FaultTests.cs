using System.Text.Json.Nodes;
using Tenon.Recipes;
using Tenon.Rewards;
using Tenon.Runs;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training;

/// <summary>
/// Faults put in on purpose: each is found in the step it happens, named, and handled as the recipe says; the run goes on.
/// </summary>
public sealed class FaultTests : IDisposable
{
    private readonly TinyRuns _runs = new();
    private readonly List<string> _said = [];

    public void Dispose() => _runs.Dispose();

    private TrainingSetup Setup(params string[] overrides) => RunBuilder.Build(RecipeFile.Load<RunSettings>(_runs.Recipe("""
        model: tiny
        adapter: { method: lora, rank: 4 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 2, group: 4, max-new-tokens: 8, temperature: 2.0 }
        reward: [{ name: regex, pattern: '=[0-9]', match: anywhere, where: all }]
        objective: { preset: dr-grpo }
        steps: 6
        seed: 7
        checkpoint: { every: 1, keep: 0 }
        """), overrides));

    private RunFolder Folder(string name, TrainingSetup setup) =>
        RunFolder.Create(Path.Combine(_runs.Folder, name), RunBuilder.Describe(setup));

    private static TrainingSetup With(TrainingSetup setup, Func<Problem, double?> score) =>
        setup with { Rewards = [.. setup.Rewards.Select(r => r with { Reward = new Scored(r.Reward, score) })] };

    // The ids of a task count the draws: two of each step.
    private static int StepOf(Problem problem) => int.Parse(problem.Id.Split('-')[^1]) / 2 + 1;

    private void Run(TrainingSetup setup, RunFolder folder, Action<TrainingEvent>? events = null, bool resume = false)
    {
        var trainer = new RlvrTrainer(setup, folder, e =>
        {
            if (e is Remark remark) _said.Add(remark.Text);
            events?.Invoke(e);
        });
        if (resume) trainer.Resume();
        trainer.Run();
    }

    private static double?[] Metrics(RunFolder run, string name) =>
        [.. File.ReadLines(run.MetricsFile).Select(line => (double?)JsonNode.Parse(line)![name])];

    [Fact]
    public void A_reward_of_infinity_stops_the_run_in_its_step_and_names_problem_and_completion()
    {
        using var setup = With(Setup(), problem => StepOf(problem) == 3 ? double.PositiveInfinity : null);
        using var folder = Folder("stop", setup);
        var fault = Should.Throw<TenonException>(() => Run(setup, folder));
        fault.Message.ShouldContain("step 3 has diverged: a reward");
        fault.Message.ShouldContain("completion 0 of group 0");
        fault.Message.ShouldContain("arithmetic-2-train-7-4");
        fault.Message.ShouldContain("the checkpoint of step 2 is whole");
        File.ReadLines(Path.Combine(folder.Folder, "diverged", "000003.jsonl")).Count().ShouldBe(8);
        folder.CheckpointSteps().ShouldBe([1, 2]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Skipped_it_costs_one_update_and_back_to_the_checkpoint_one_step(bool back)
    {
        string[] overrides = [$"on-divergence={(back ? "back-to-checkpoint" : "skip")}"];
        using var setup = With(Setup(overrides), problem => StepOf(problem) == 3 ? double.PositiveInfinity : null);
        using var folder = Folder("go-on", setup);
        Run(setup, folder);
        _said.ShouldContain(text => text.Contains("step 3 has diverged: a reward is") && text.Contains(back ? "those of step 2 again"
            : "the update is left out"));
        Metrics(folder, "updates_skipped").ShouldBe([null, null, 1, null, null, null]);
        folder.CheckpointSteps().ShouldBe([1, 2, 3, 4, 5, 6]);
        // The weights after it are those before it.
        File.ReadAllBytes(Path.Combine(folder.CheckpointFolder(3), "adapter_model.safetensors"))
            .ShouldBe(File.ReadAllBytes(Path.Combine(folder.CheckpointFolder(2), "adapter_model.safetensors")));

        // Ended after the fault and resumed before it: the same bytes.
        var expected = TinyRuns.Contents(folder.Folder);
        folder.Dispose();
        foreach (var step in new[] { 6, 5, 4, 3 }) Directory.Delete(Path.Combine(folder.Folder, "checkpoints", $"{step}"), recursive: true);
        using var again = With(Setup(overrides), problem => StepOf(problem) == 3 ? double.PositiveInfinity : null);
        using var opened = RunFolder.Open(folder.Folder);
        Run(again, opened, resume: true);
        TinyRuns.ShouldBeTheSame(opened.Folder, expected);
    }

    [Fact]
    public void After_going_back_to_a_checkpoint_its_weights_are_evaluated()
    {
        using var setup = With(Setup("on-divergence=back-to-checkpoint", "steps=3",
            "evaluate={every: 1, benchmarks: [held-out@1], problems: 32}"),
            problem => StepOf(problem) == 3 ? double.PositiveInfinity : null);
        using var folder = Folder("evaluated", setup);
        Run(setup, folder, e =>
        {
            if (e is CheckpointWritten { Step: 2 }) setup.Adapter.Trainable[1].Update(values => values.Fill(30));
        });
        _said.ShouldContain(text => text.Contains("step 3 has diverged") && text.Contains("those of step 2 again"));
        var accuracies = Metrics(folder, "eval/held-out@1");
        accuracies[2].ShouldBe(accuracies[1]);
        accuracies[2].ShouldNotBe(0);
    }

    [Fact]
    public void A_policy_that_has_fallen_apart_goes_back_beyond_the_checkpoint_that_holds_it()
    {
        using var setup = Setup("on-divergence=back-to-checkpoint", "steps=4");
        using var folder = Folder("torn", setup);
        Run(setup, folder, e =>
        {
            if (e is CheckpointWritten { Step: 2 }) setup.Adapter.Trainable[1].Update(values => values[0] = float.NaN);
        });
        _said.ShouldContain(text => text.Contains("step 3 has diverged: the log-probability") && text.Contains("those of step 1 again"));
        Metrics(folder, "updates_skipped").ShouldBe([null, null, 1, null]);
    }

    [Fact]
    public void With_overlap_the_batch_of_the_lost_weights_is_drawn_anew()
    {
        using var setup = With(Setup("on-divergence=back-to-checkpoint", "rollout.overlap=true"),
            problem => StepOf(problem) == 3 ? double.PositiveInfinity : null);
        using var folder = Folder("overlap", setup);
        Run(setup, folder);
        Metrics(folder, "updates_skipped").ShouldBe([null, null, 1, null, null, null]);
        // The fourth batch was sampled by the weights that it trains.
        Metrics(folder, "logp_difference_max").ShouldBe([0, null, null, 0, null, null]);
    }

    [Fact]
    public void A_fault_that_stays_ends_the_run_after_three_setbacks_though_checkpoints_are_written()
    {
        using var setup = With(Setup("on-divergence=back-to-checkpoint"),
            problem => StepOf(problem) >= 2 ? double.NegativeInfinity : null);
        using var folder = Folder("stays", setup);
        Should.Throw<TenonException>(() => Run(setup, folder)).Message.ShouldContain("step 5 has diverged: a reward");
        Metrics(folder, "updates_skipped").ShouldBe([null, 1, 1, 1, 1]);
    }

    [Fact]
    public void A_weight_that_is_no_number_is_found_in_the_step_that_meets_it()
    {
        using var setup = Setup();
        using var folder = Folder("nan", setup);
        var fault = Should.Throw<TenonException>(() => Run(setup, folder, e =>
        {
            if (e is StepDone { Metrics.Step: 2 }) setup.Adapter.Trainable[1].Update(values => values[0] = float.NaN);
        }));
        fault.Message.ShouldContain("adapter tensor");
        folder.CheckpointSteps().ShouldBe([1]);

        // Where no checkpoint is due, the next step meets it in its samples.
        using var second = Setup("checkpoint.every=0");
        using var other = Folder("nan-2", second);
        var met = Should.Throw<TenonException>(() => Run(second, other, e =>
        {
            if (e is StepDone { Metrics.Step: 2 }) second.Adapter.Trainable[1].Update(values => values[0] = float.NaN);
        }));
        met.Message.ShouldContain("3");
    }

    [Theory]
    [InlineData(1e30, "the gradient's norm", "divergence.grad-norm")]
    [InlineData(1e300, "the loss", "a finite number")]
    public void Gradients_beyond_all_bounds_are_found_before_they_are_applied(double score, string what, string bound)
    {
        // Of a group of four, two get the score: the advantages are as large.
        var turn = 0;
        using var setup = With(Setup("optimizer.max-grad-norm=null"),
            problem => StepOf(problem) == 2 && Interlocked.Increment(ref turn) % 2 == 0 ? score : null);
        using var folder = Folder("gradient", setup);
        var fault = Should.Throw<TenonException>(() => Run(setup, folder));
        fault.Message.ShouldContain("step 2 has diverged");
        (fault.Message.Contains(what) || fault.Message.Contains("the gradient's norm")).ShouldBeTrue(fault.Message);
        (fault.Message.Contains(bound) || fault.Message.Contains("a finite number")).ShouldBeTrue(fault.Message);
    }

    [Fact]
    public void Room_is_looked_at_before_each_checkpoint()
    {
        using var setup = Setup();
        using var folder = Folder("room", setup);
        var free = 1L << 40;
        folder.FreeSpace = _ => free;
        var fault = Should.Throw<TenonException>(() => Run(setup, folder, e =>
        {
            if (e is StepDone { Metrics.Step: var step }) free = step < 3 ? 1 << 20 : 1000;
        }));
        fault.Message.ShouldContain("the checkpoint of step 3 could not be written");
        fault.Message.ShouldContain("0.0 MB are free");
        fault.Message.ShouldContain("the checkpoint of step 2 is whole");
        _said.ShouldContain(text => text.Contains("MB left, room for"));

        using var first = Setup();
        using var other = Folder("no-room", first);
        other.FreeSpace = _ => 1000;
        Should.Throw<TenonException>(() => Run(first, other)).Message.ShouldContain("the checkpoint of step 1 could not be written");
        Directory.Exists(other.CheckpointFolder(1)).ShouldBeFalse();
    }

    [Fact]
    public void A_process_that_ends_in_the_middle_of_a_batch_loses_the_open_groups_only()
    {
        string[] overrides = ["rollout.concurrency=4", "rollout.prompts=6", "checkpoint.every=0", "steps=2"];
        using var whole = Setup(overrides);
        using var expected = Folder("whole", whole);
        Run(whole, expected);

        var path = Path.Combine(_runs.Folder, "cut");
        var groups = Path.Combine(path, "rollouts", "000001.jsonl");
        using (var setup = Setup(overrides))
        using (var folder = Folder("cut", setup))
        {
            using var abort = new CancellationTokenSource();
            var watch = new Thread(() =>
            {
                while (!File.Exists(groups) || ReadLines(groups) < 3) Thread.Sleep(1);
                abort.Cancel();
            });
            watch.Start();
            Should.Throw<OperationCanceledException>(() => new RlvrTrainer(setup, folder, _ => { }).Run(abort: abort.Token));
            watch.Join();
        }

        var kept = File.ReadAllLines(groups);
        kept.Length.ShouldBeInRange(3, 6);
        using var again = Setup(overrides);
        using var resumed = RunFolder.Open(path);
        string[] after = [];
        var trainer = new RlvrTrainer(again, resumed, e =>
        {
            if (e is StepDone { Metrics.Step: 1 }) after = File.ReadAllLines(groups);
        });
        trainer.Resume();
        trainer.Run();
        after[..kept.Length].ShouldBe(kept);
        after.Length.ShouldBe(7);
        Directory.Exists(Path.Combine(path, "rollouts")).ShouldBeFalse();
        TinyRuns.ShouldBeTheSame(path, TinyRuns.Contents(expected.Folder));
    }

    private static int ReadLines(string path)
    {
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return file.ReadToEnd().Count(c => c == '\n');
    }

    private sealed class Scored(IReward inner, Func<Problem, double?> score) : IReward
    {
        public string Name => inner.Name;

        public bool IsOutcome => inner.IsOutcome;

        public Verdict Judge(Problem problem, in Completion completion)
        {
            var verdict = inner.Judge(problem, completion);
            return score(problem) is { } own ? verdict with { Score = own } : verdict;
        }
    }
}
