using System.Diagnostics;
using System.Text.Json.Nodes;
using Tenon.Cli.Benchmarks;
using Tenon.MathAnswers;
using Tenon.MathAnswers.Steps;
using Tenon.Rewards.Data;

namespace Tenon.Cli.Commands;

/// <summary>
/// <c>tenon bench verify</c>: verdicts a second on one thread and on all, the slowest of the hostile pairs and worked solutions checked a
/// second,
/// over <see cref="VerifierWorkload"/>; with <c>--data</c> the first figures are over the golds of a file. Best of the runs; a slow pair
/// counts with its
/// best of five, so that a busy machine is not blamed on it.
/// </summary>
internal static class BenchVerify
{
    private const int Verdicts = 20_000;
    private const double WarmUp = 3;

    public static JsonObject Measure(int runs, int threads, string? data)
    {
        var verifier = new MathVerifier();
        var steps = new StepVerifier();
        var pairs = data is null ? VerifierWorkload.Everyday
            : VerifierWorkload.Everyone([.. ProblemFile.Read(data).Problems.Select(p => p.Answer)]);
        // The compiler takes its time, the more so on a busy machine: what is measured is a process that has been up for a while.
        for (var clock = Stopwatch.StartNew(); clock.Elapsed.TotalSeconds < WarmUp;) Judge(verifier, pairs, threads);
        var (one, all) = (Best(runs, () => Judge(verifier, pairs, 1)), Best(runs, () => Judge(verifier, pairs, threads)));
        var kinds = Best(runs, () => Judge(verifier, VerifierWorkload.Pairs, threads));
        var solutions = Best(runs, () =>
        {
            foreach (var solution in VerifierWorkload.Solutions) steps.Check(solution);
        });
        var (worst, text) = (0.0, "");
        foreach (var (gold, answer) in VerifierWorkload.Hostile.Concat(data is null ? [] : pairs))
        {
            var time = Best(5, () => verifier.Verify(gold, answer));
            if (time > worst) (worst, text) = (time, gold + " | " + answer);
        }
        return new JsonObject
        {
            ["stage"] = "verify",
            ["verdicts_per_s"] = Math.Round(Verdicts / all),
            ["verdicts_per_s_one_thread"] = Math.Round(Verdicts / one),
            ["every_kind_per_s"] = Math.Round(Verdicts / kinds),
            ["bytes_per_verdict"] = Bytes(verifier, pairs),
            ["solutions_per_s_one_thread"] = Math.Round(VerifierWorkload.Solutions.Count / solutions),
            ["worst_ms"] = Math.Round(worst * 1e3, 2),
            ["worst"] = text.Length > 80 ? text[..80] : text,
            ["pairs"] = pairs.Count,
            ["hostile"] = VerifierWorkload.Hostile.Count,
            ["threads"] = threads,
        };
    }

    private static void Judge(MathVerifier verifier, IReadOnlyList<(string Gold, string Answer)> pairs, int threads)
    {
        // Each thread takes a stretch of its own, as the workers of a training run do.
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
        {
            for (var i = thread * Verdicts / threads; i < (thread + 1) * Verdicts / threads; i++)
                verifier.Verify(pairs[i % pairs.Count].Gold, pairs[i % pairs.Count].Answer);
        });
    }

    private static long Bytes(MathVerifier verifier, IReadOnlyList<(string Gold, string Answer)> pairs)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var (gold, answer) in pairs) verifier.Verify(gold, answer);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / pairs.Count;
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
