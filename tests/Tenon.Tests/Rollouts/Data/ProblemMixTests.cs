using System.Text.Json;
using Tenon.Rewards;
using Tenon.Rewards.Tasks;
using Tenon.Rollouts;
using Tenon.Rollouts.Data;

namespace Tenon.Tests.Rollouts.Data;

/// <summary>Sources by weight, levels and what moves them.</summary>
public class ProblemMixTests
{
    private static readonly ITask S_sums = TaskFinder.Create("arithmetic");

    private static ProblemSource File(int count, string letter) =>
        ProblemSource.Of([.. Enumerable.Range(0, count).Select(i => new Problem($"{i}", letter, "1"))], 3);

    private static ProblemMix Levels(CurriculumSettings? curriculum, int first = 1, int last = 4) =>
        new([new DataSource("arithmetic", 1) { Task = S_sums, Levels = new(first, last), Curriculum = curriculum }], 3, 100);

    private static List<Problem> Draw(ProblemMix mix, int count, int step = 1, IReadOnlyList<SourceState>? states = null)
    {
        var draws = mix.Begin(states ?? [], step);
        return [.. Enumerable.Range(0, count).Select(i => draws.Next(i))];
    }

    [Fact]
    public void Sources_come_by_their_weights_and_each_is_gone_through_in_order()
    {
        var mix = new ProblemMix([
            new DataSource("a", 3) { File = File(50, "a"), Prompt = "plain" }, new DataSource("b", 1) { File = File(7, "b"), System = "s" }],
            3, 100);
        var drawn = Draw(mix, 4000);
        drawn.Count(p => p.Origin!.Source == 0).ShouldBeInRange(2880, 3120);
        foreach (var pass in drawn.Where(p => p.Origin!.Name == "b").Chunk(7).Where(chunk => chunk.Length == 7))
            pass.Select(p => p.Id).Distinct().Count().ShouldBe(7);
        drawn.ShouldAllBe(p => p.Id.StartsWith(p.Text + "/") && (p.System == "s") == (p.Text == "b"));
        mix.Count.ShouldBe(57);
        mix.At(17).Id.ShouldBe(drawn[17].Id);
        mix.At(3).Id.ShouldBe(drawn[3].Id);
    }

    [Fact]
    public void A_walk_goes_on_from_its_state_through_json_to_the_same_problems()
    {
        var mix = new ProblemMix([
            new DataSource("a", 1) { File = File(9, "a") }, new DataSource("sums", 2) { Task = S_sums, Levels = new(1, 3) }], 11, 100);
        var whole = Draw(mix, 40).Select(p => p.Id).ToList();
        var first = mix.Begin([], 1);
        for (var i = 0; i < 23; i++) first.Next(i).Id.ShouldBe(whole[i]);
        var states = JsonSerializer.Deserialize<SourceState[]>(JsonSerializer.Serialize(first.States))!;
        var second = mix.Begin(states, 2);
        for (var i = 23; i < 40; i++) second.Next(i).Id.ShouldBe(whole[i]);
        whole.Distinct().Count().ShouldBeGreaterThan(30);
    }

    [Fact]
    public void Levels_without_a_curriculum_are_drawn_alike()
    {
        var drawn = Draw(Levels(null), 4000);
        for (var level = 1; level <= 4; level++) drawn.Count(p => p.Origin!.Level == level).ShouldBeInRange(880, 1120);
        drawn[0].Origin!.Name.ShouldBe($"arithmetic-{drawn[0].Origin!.Level}");
    }

    [Fact]
    public void By_step_the_levels_rise_evenly_and_earlier_ones_come_back_in_review()
    {
        var mix = Levels(new CurriculumSettings { By = "step", Review = 0.25 });
        foreach (var (step, level) in new[] { (1, 1), (25, 1), (26, 2), (50, 2), (51, 3), (100, 4), (300, 4) })
        {
            mix.Begin([], step).Levels.Single().ShouldBe(("arithmetic", level));
            var drawn = Draw(mix, 2000, step);
            drawn.ShouldAllBe(p => p.Origin!.Level <= level);
            drawn.Count(p => p.Origin!.Level == level).ShouldBeInRange(level == 1 ? 2000 : 1420, level == 1 ? 2000 : 1580);
        }
    }

    [Fact]
    public void By_accuracy_the_level_rises_falls_and_stays()
    {
        var mix = Levels(new CurriculumSettings { RaiseAt = 0.7, LowerAt = 0.2, Window = 16, Review = 0 });
        IReadOnlyList<SourceState> states = [];
        var seen = new List<int>();
        foreach (var right in new[] { 6, 6, 6, 6, 1, 1, 4, 4, 8, 8, 8, 8, 8, 8 })
        {
            var draws = mix.Begin(states, 1);
            seen.Add(draws.Levels.Single().Level);
            draws.Judged(draws.Next(seen.Count), right, 8);
            states = draws.States;
        }

        seen.ShouldBe([1, 1, 2, 2, 3, 3, 2, 2, 2, 2, 3, 3, 4, 4]);
        // What belongs to another level than the current one decides nothing.
        var last = mix.Begin(states, 1);
        var easy = S_sums.Draw(1, 3, 0, Split.Train) with { Origin = new(0, "arithmetic-1", 1) };
        last.Judged(easy, 0, 100);
        last.States.Single().ShouldBe(states.Single());
    }
}
