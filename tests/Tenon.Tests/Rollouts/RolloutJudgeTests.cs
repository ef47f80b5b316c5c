using System.Text.RegularExpressions;
using Tenon.Rewards;
using Tenon.Rewards.Format;
using Tenon.Rollouts;
using Tenon.Tensors.Threads;
using Tenon.Tests.Rewards;
using Tenon.Tests.Support;

namespace Tenon.Tests.Rollouts;

/// <summary>The number of threads binds the judging of rewards as it binds everything else.</summary>
public class RolloutJudgeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_more_completions_are_judged_at_once_than_there_are_threads(int threads)
    {
        var reward = new Counting();
        using var pool = new WorkerPool(threads);
        var problem = new Problem("p", "1+1", "2");
        var verdicts = new RolloutJudge([new WeightedReward(reward)], pool)
            .Judge([.. Enumerable.Range(0, 24).Select(i => (problem, new Completion($"{i}", 1, false, 4, default)))]);
        reward.Most.ShouldBeInRange(1, threads);
        verdicts.Select(v => v[0].Reason).ShouldBe(Enumerable.Range(0, 24).Select(i => $"{i}"));
    }

    [Fact]
    public void Every_loop_over_threads_says_how_many() =>
        Directory.GetFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Contains("obj"))
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), @"Parallel\.(For|ForEach|Invoke)\w*\([^;]*?=>|\.AsParallel\(")
                .Select(match => (File: Path.GetFileName(file), match.Value)))
            .Where(call => !call.Value.Contains("Workers.Options", StringComparison.Ordinal)
            && !call.Value.Contains("threads", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void A_reward_that_wraps_another_has_no_threads_of_its_own()
    {
        using var number = (CosineLengthReward)Rows.Reward("cosine-length", """{"of":"number"}""");
        number.JudgesBatches.ShouldBeFalse();
        using var command = (CosineLengthReward)Rows.Reward("cosine-length", """{"of":"command","options":{"command":"cat"}}""");
        command.JudgesBatches.ShouldBeTrue();
        Directory.GetFiles(Repository.Path("src/Tenon.Rewards"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split('/', '\\').Contains("obj") && Regex.IsMatch(File.ReadAllText(file), @"\bWorkers\.|\bParallel\."))
            .ShouldBeEmpty();
    }

    [Fact]
    public void Verdicts_do_not_depend_on_the_number_of_threads()
    {
        using var reward = (CosineLengthReward)Rows.Reward("cosine-length", """{"of":"number"}""");
        var problem = new Problem("p", "4+5", "9");
        var completions = Enumerable.Range(0, 40)
            .Select(i => (problem, new Completion($"\\boxed{{{8 + i % 2}}}", i, false, 64, default))).ToList();
        Verdict[] Judged(int threads)
        {
            using var pool = new WorkerPool(threads);
            return [.. new RolloutJudge([new WeightedReward(reward)], pool).Judge(completions).Select(verdicts => verdicts[0])];
        }

        var alone = Judged(1);
        alone.Select(verdict => verdict.Correct).Take(2).ShouldBe([false, true]);
        Judged(3).ShouldBe(alone);
        reward.JudgeAll(completions).ShouldBe(alone);
    }

    /// <summary>Sees how many judge at a time.</summary>
    private sealed class Counting : IReward
    {
        private int _now;
        private int _most;

        public int Most => _most;

        public string Name => "counting";

        public bool IsOutcome => true;

        public Verdict Judge(Problem problem, in Completion completion)
        {
            var now = Interlocked.Increment(ref _now);
            for (var most = _most; now > most; most = _most) Interlocked.CompareExchange(ref _most, now, most);
            Thread.Sleep(2);
            Interlocked.Decrement(ref _now);
            return new Verdict(1, true, completion.Text);
        }
    }
}
