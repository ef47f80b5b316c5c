using Tenon.Adapters;
using Tenon.Recipes;
using Tenon.Studies;
using Tenon.Tests.Support;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Tests.Studies;

/// <summary>No automatic value of a study refuses what would fit: runs at once, shares of the memory, ranks at equal parameters.</summary>
public sealed class StudyRoomTests : IDisposable
{
    // The runtime's limit of its own heap is the memory that a process sees.
    private static readonly (string, string) S_small = ("DOTNET_GCHeapHardLimit", "0x6000000");
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    public async Task A_run_waits_for_memory_and_one_alone_always_begins()
    {
        using var room = new StudyRoom(3, 3, available: 100);
        room.TakeTurn();
        room.TakeMemory(500, 50, CancellationToken.None).ShouldBeTrue("one alone");
        using var stop = new CancellationTokenSource();
        var second = Task.Run(() => room.TakeMemory(10, 50, stop.Token));
        (await Task.WhenAny(second, Task.Delay(1200))).ShouldNotBe(second);
        room.GiveMemory(500);
        (await second).ShouldBeTrue();
        room.TakeMemory(40, 50, CancellationToken.None).ShouldBeTrue("beside the other");
        stop.Cancel();
        room.TakeMemory(1, 50, stop.Token).ShouldBeFalse("stopped while it waits");
    }

    [Fact]
    public void A_run_that_waits_for_memory_leaves_its_core_to_those_that_go_on()
    {
        using var room = new StudyRoom(2, 1, available: 100);
        room.TakeTurn();
        room.TakeMemory(80, 0, CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var other = new Thread(() =>
        {
            room.TakeTurn();
            room.TakeMemory(80, 0, stop.Token);
            room.EndTurn();
        });
        other.Start();
        for (var step = 0; step < 5; step++) room.NextTurn();
        stop.Cancel();
        room.EndTurn();
        other.Join(TimeSpan.FromSeconds(60)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("rollout: { prompts: 64, group: 64, max-new-tokens: 400, max-prompt-tokens: 100 }")]
    [InlineData("rollout: { prompts: 8, group: 8, max-new-tokens: 20 }\nupdate: { shards: 4, workers: 4 }")]
    [InlineData("rollout: { prompts: 2, group: 2, max-new-tokens: 200 }\nevaluate: { problems: 500 }")]
    public void Automatic_values_fit_wherever_the_least_would(string more)
    {
        var (settings, seen) = (Settings(more), 0);
        using var setup = RunBuilder.Build(settings);
        // A share of the memory stands for a smaller machine.
        for (var runs = 1; runs < 1_000_000; runs += 1 + (runs / 7))
        {
            var small = setup with { RunsAtOnce = runs };
            var caches = small.HeldOut.Count > 0 ? 2 : 1;
            var longest = settings.Rollout.MaxPromptTokens + settings.Rollout.MaxNewTokens;
            var least = MemoryPlan.FixedBytes(small) + (caches * MemoryPlan.SequenceBytes(small))
                + (settings.Update.Workers * MemoryPlan.PassBytes(small.Model.Config, longest, recompute: true));
            if (least > MemoryPlan.AvailableBytes(small)) break;
            var taken = MemoryPlan.FixedBytes(small) + MemoryPlan.CacheBytes(small) + MemoryPlan.PassBytes(small);
            taken.ShouldBeLessThanOrEqualTo(MemoryPlan.AvailableBytes(small), $"{runs} runs, least {least}");
            seen++;
        }

        seen.ShouldBeGreaterThan(5);
    }

    [Fact, Trait("Speed", "slow")]
    public void Runs_at_once_by_default_refuse_nothing_on_a_small_machine()
    {
        var recipe = _runs.Recipe("""
            base:
              model: tiny
              data: { task: { name: arithmetic, level: 1 }, prompt: plain }
              rollout: { prompts: 4, group: 8, max-new-tokens: 8, max-prompt-tokens: 100 }
              update: { micro-batch-tokens: 1500, recompute: false }
              steps: 1
              evaluate: { problems: 4 }
              checkpoint: { keep: 1 }
            axes: { adapter.rank: [1, 2, 4, 8] }
            seeds: [1]
            """);
        foreach (var threads in new[] { "4", "8" })
        {
            var (exit, output, error) = TenonProcess.Run(
                ["study", recipe, "--output", _runs.RunFolder($"s{threads}"), "--threads", threads, "--json"], S_small);
            exit.ShouldBe(0, error);
            output.Split("\"done\"").Length.ShouldBe(5, output);
        }
    }

    /// <summary>The rank that a budget of parameters finds is one that the method can be built with.</summary>
    [Theory, Trait("Speed", "slow")]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(64)]
    public void Ranks_at_equal_parameters_are_never_refused(int rank)
    {
        var names = AdapterMethod.All.Keys.Where(name => name != "trainable-tokens").ToList();
        var plan = new StudyPlan(StudyRecipeReader.Parse($$"""
            base:
              model: tiny
              adapter: { rank: {{rank}} }
              data: { task: { name: arithmetic, level: 1 }, prompt: plain }
              steps: 1
            axes: { adapter.method: [{{string.Join(", ", names)}}] }
            seeds: [1]
            compare-with: { adapter.method: lora }
            equal: parameters
            """, "study.yaml", "."));
        foreach (var row in plan.Rows)
        {
            var alone = StudyCell.Of(plan.Recipe, row, [], 1, StudyRole.Report);
            var cell = plan.Cell(row, [], 1, StudyRole.Report);
            if (Refusal(alone) is not null) continue;
            Refusal(cell).ShouldBeNull($"{row.Label} at rank {cell.Settings?.Adapter.Rank}");
        }
    }

    private static string? Refusal(StudyCell cell)
    {
        if (cell.Settings is not { } settings) return cell.Refusal;
        try
        {
            using var setup = RunBuilder.Build(settings);
            return null;
        }
        catch (TenonException e)
        {
            return e.Message;
        }
    }

    private RunSettings Settings(string more) => RecipeFile.Load<RunSettings>(_runs.Recipe($$"""
        model: tiny
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        steps: 1
        {{more}}
        """));
}
