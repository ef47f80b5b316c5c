using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Tenon.MathAnswers;

namespace Tenon.Tests.MathAnswers;

public sealed class VerifierFuzzTests(ITestOutputHelper output)
{
    /// <summary>Mutated pairs: ten million and more where TENON_FUZZ says so.</summary>
    [Theory]
    [InlineData(4_000)]
    [InlineData(20_000, Traits = ["Speed", "slow"])]
    public void No_text_crashes_hangs_or_changes_its_verdict(int pairs)
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("TENON_FUZZ"), out var more)) pairs = more;
        var verifier = new MathVerifier();
        var again = new MathVerifier();
        var boxed = new MathVerifier(RuleProfile.MathVerify);
        var (worst, worstPair) = (0.0, ("", ""));
        var gate = new Lock();
        Parallel.For(0, Math.Max(1, pairs / 1000), new ParallelOptions { MaxDegreeOfParallelism = 2 }, block =>
        {
            var mutator = new AnswerMutator((ulong)block + 1);
            var watch = new Stopwatch();
            for (var i = 0; i < 1000; i++)
            {
                var (gold, answer) = (mutator.Next(), mutator.Next());
                if (i % 3 == 0) answer = gold;
                watch.Restart();
                var verdict = verifier.Verify(gold, answer);
                var elapsed = watch.Elapsed.TotalMilliseconds;
                // A slow one is taken again: on a busy machine the clock also counts the time of others.
                for (var k = 0; k < 3 && elapsed > 5 && elapsed > worst; k++)
                {
                    watch.Restart();
                    verifier.Verify(gold, answer);
                    elapsed = Math.Min(elapsed, watch.Elapsed.TotalMilliseconds);
                }
                if (elapsed > worst)
                    lock (gate)
                        if (elapsed > worst) (worst, worstPair) = (elapsed, (gold, answer));
                if (i % 16 == 0)
                {
                    again.Verify(gold, answer).ShouldBeEquivalentTo(verdict with { });
                    boxed.Verify(gold, answer).Reason.ShouldNotBeNullOrEmpty();
                }
                verdict.Reason.ShouldNotBe("internal", $"{gold} | {answer}");
                (verdict.Correct is null).ShouldBe(verdict.Skipped is not null);
            }
        });
        output.WriteLine($"{pairs} pairs, worst {worst:F1} ms: {worstPair.Item1} | {worstPair.Item2}");
        // Generous, for a loaded machine: what would hang takes seconds.
        worst.ShouldBeLessThan(500);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(2000, Traits = ["Speed", "slow"])]
    public void Any_string_is_judged(int tests)
    {
        var verifier = new MathVerifier();
        Prop.ForAll<string, string>((gold, answer) => verifier.Verify(gold ?? "", answer ?? "") is { Reason.Length: > 0 })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(tests));
    }

    [Theory]
    [InlineData("10^{10^{10}}")]
    [InlineData("9999999!")]
    [InlineData("((9999!)!)!")]
    [InlineData("1e999999999")]
    [InlineData("2^{2^{2^{2^{2^{2}}}}}")]
    [InlineData(@"\binom{10^{9}}{5\cdot 10^{8}}")]
    [InlineData(@"\sum_{k=1}^{1000}\sum_{j=1}^{1000}\sum_{i=1}^{1000} ijk")]
    [InlineData(@"\frac{1}{3}^{100000}")]
    public void A_huge_number_is_either_exact_or_over_budget_and_never_slow(string answer)
    {
        var verifier = new MathVerifier();
        verifier.Verify("7", answer);
        foreach (var verdict in (MathVerdict[])[verifier.Verify("7", answer), verifier.Verify(answer + "+1", answer)])
        {
            verdict.Correct.ShouldBe(false);
            verdict.Steps.ShouldBeLessThanOrEqualTo(MathVerifier.Steps);
        }
    }

    [Fact]
    public void Long_and_deep_texts_are_cheap()
    {
        var verifier = new MathVerifier();
        foreach (var text in new[]
        {
            new string('(', 100_000), new string('{', 100_000), @"\boxed{" + new string('9', 200_000) + "}",
            string.Concat(Enumerable.Repeat(@"\boxed{1}, ", 20_000)), string.Concat(Enumerable.Repeat("answer is ", 20_000)),
            string.Concat(Enumerable.Repeat(@"\frac{1}{", 5_000)), new string('$', 50_000),
            string.Concat(Enumerable.Repeat("$1$ and ", 20_000)), string.Concat(Enumerable.Repeat("<think>", 20_000)),
            new string('-', 100_000) + "5",
            @"\boxed{" + string.Join(",", Enumerable.Range(0, 900)) + "}",
            @"\boxed{" + string.Join("+", Enumerable.Repeat("x^{17}", 500)) + "}", string.Concat(Enumerable.Repeat("^x", 1500)),
            new string('\\', 9_999),
        })
        {
            // Steps and memory instead of seconds: they do not depend on what else the machine does. A scan that were quadratic would need
            // ten billion looks and be noticed.
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var verdict in (MathVerdict[])[verifier.Verify("5", text), verifier.Verify(text, text)])
            {
                verdict.Reason.ShouldNotBeNullOrEmpty();
                verdict.Steps.ShouldBeLessThanOrEqualTo(MathVerifier.Steps);
            }
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan((100L * text.Length) + 4_000_000, text[..20]);
        }
    }
}
