using System.Diagnostics;
using System.Text.Json.Nodes;
using Tenon.Rewards.MathAnswers;
using Tenon.Rewards.Steps;

namespace Tenon.Cli.Commands;

/// <summary>
/// <c>tenon bench verify</c>: verdicts a second on one thread and on all, the slowest of the hostile pairs and worked solutions checked a second,
/// over <see cref="VerifierWorkload"/>. Best of the runs; a slow pair counts with its best of three, so that a busy machine is not blamed on it.
/// </summary>
internal static class BenchVerify
{
    private const int Repeats = 60;

    public static JsonObject Measure(int runs, int threads)
    {
        var verifier = new MathVerifier();
        var steps = new StepVerifier();
        var pairs = VerifierWorkload.Pairs;
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads };
        var one = Best(runs, () =>
        {
            for (var i = 0; i < Repeats * pairs.Count; i++) verifier.Verify(pairs[i % pairs.Count].Gold, pairs[i % pairs.Count].Answer);
        });
        var all = Best(runs, () => Parallel.For(0, Repeats * pairs.Count, options, i => verifier.Verify(pairs[i % pairs.Count].Gold, pairs[i % pairs.Count].Answer)));
        var solutions = Best(runs, () =>
        {
            foreach (var solution in VerifierWorkload.Solutions) steps.Check(solution);
        });
        var (worst, text) = (0.0, "");
        foreach (var (gold, answer) in VerifierWorkload.Hostile)
        {
            var time = Best(3, () => verifier.Verify(gold, answer));
            if (time > worst) (worst, text) = (time, gold + " | " + answer);
        }
        return new JsonObject
        {
            ["stage"] = "verify",
            ["verdicts_per_s"] = Math.Round(Repeats * pairs.Count / all),
            ["verdicts_per_s_one_thread"] = Math.Round(Repeats * pairs.Count / one),
            ["solutions_per_s_one_thread"] = Math.Round(VerifierWorkload.Solutions.Count / solutions),
            ["worst_ms"] = Math.Round(worst * 1e3, 2),
            ["worst"] = text.Length > 80 ? text[..80] : text,
            ["pairs"] = pairs.Count,
            ["hostile"] = VerifierWorkload.Hostile.Count,
            ["threads"] = threads,
        };
    }

    private static double Best(int runs, Action work)
    {
        work();
        var best = double.PositiveInfinity;
        for (var i = 0; i < runs; i++)
        {
            var clock = Stopwatch.StartNew();
            work();
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }
        return best;
    }
}
