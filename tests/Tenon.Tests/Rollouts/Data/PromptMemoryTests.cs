using Tenon.Rewards;
using Tenon.Rollouts.Data;

namespace Tenon.Tests.Rollouts.Data;

/// <summary>What a run remembers of its prompts.</summary>
public class PromptMemoryTests
{
    private static readonly Problem S_problem = new("p", "?", "1");

    private static PromptMemory At(int step, MemorySettings settings, IReadOnlyDictionary<string, PromptRate>? before = null) =>
        new(settings, 5, step, before ?? new Dictionary<string, PromptRate>());

    private static IReadOnlyDictionary<string, PromptRate> Seen(int right, int judged)
    {
        var memory = At(1, new MemorySettings());
        memory.Judged(S_problem, right, judged);
        return memory.Rates;
    }

    private static double Taken(PromptMemory memory) =>
        Enumerable.Range(0, 4000).Count(cursor => memory.Refuses(S_problem, cursor) is null) / 4000.0;

    [Fact]
    public void What_is_solved_is_passed_over_until_it_is_half_forgotten()
    {
        var settings = new MemorySettings { SkipSolved = 0.9, PreferHalfSolved = 0, HalfLife = 10 };
        At(2, settings).Refuses(S_problem, 0).ShouldBeNull("never asked");
        At(2, settings, Seen(8, 8)).Refuses(S_problem, 0).ShouldBe("solved");
        At(2, settings, Seen(8, 8)).RateOf("p")!.Value.ShouldBe(0.94, 0.005);
        At(2, settings, Seen(7, 8)).Refuses(S_problem, 0).ShouldBeNull();
        // (4 + 1/2) / (4 + 1) after one half-life, less after more.
        At(11, settings, Seen(8, 8)).RateOf("p").ShouldBe(0.9);
        At(12, settings, Seen(8, 8)).Refuses(S_problem, 0).ShouldBeNull();
        At(200, settings, Seen(8, 8)).RateOf("p")!.Value.ShouldBe(0.5, 1e-3);
    }

    [Fact]
    public void Half_solved_prompts_are_preferred_as_strongly_as_asked()
    {
        var settings = new MemorySettings { SkipSolved = null, PreferHalfSolved = 0.8, HalfLife = 1e9 };
        Taken(At(1, settings, Seen(4, 8))).ShouldBe(1);
        // p = 17/18: 1 - 0.8 (1 - 4 p (1 - p)) = 0.368.
        Taken(At(1, settings, Seen(8, 8))).ShouldBe(0.368, 0.03);
        Taken(At(1, settings, Seen(0, 8))).ShouldBe(0.368, 0.03);
        At(1, settings, Seen(0, 8)).Refuses(S_problem, 4000).ShouldBe(At(1, settings, Seen(0, 8)).Refuses(S_problem, 4000));
    }

    [Fact]
    public void New_verdicts_count_more_than_old_ones()
    {
        var memory = At(11, new MemorySettings { HalfLife = 10 }, Seen(8, 8));
        memory.Judged(S_problem, 0, 8);
        memory.Rates["p"].ShouldBe(new PromptRate(4, 12, 11));
    }
}
