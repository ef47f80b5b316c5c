using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Tenon.MathAnswers;

namespace Tenon.Benchmarks;

/// <summary>
/// Verdicts a second over the gold answers of a benchmark file (TENON_DATA/eval/math500.jsonl where set, else a short list of the same
/// kinds of
/// answers): each gold against itself in a box and against its neighbour, on two cores.
/// </summary>
[MemoryDiagnoser]
public class VerifierBenchmark
{
    private readonly MathVerifier _verifier = new();
    private string[] _golds = [];

    [GlobalSetup]
    public void Load()
    {
        var folder = Environment.GetEnvironmentVariable("TENON_DATA");
        _golds = folder is null
            ? [@"\left( 3, \frac{\pi}{2} \right)", "p - q", @"\frac{14}{3}", "9", @"\text{Evelyn}", "42", "27", @"90^\circ", @"3\sqrt{13}",
            "4", "2220", @"\frac{3}{56}", "284", "5", @"\sqrt{51}", "6 - 5i", @"10,\!080", @"\begin{pmatrix} -2 \\ -14 \\ -7 \end{pmatrix}"]
            : [.. File.ReadLines(Path.Combine(folder, "eval", "math500.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("answer").GetString()!)];
    }

    [Benchmark]
    public int VerdictsOnTwoCores()
    {
        var right = 0;
        Parallel.For(0, 2 * _golds.Length, new ParallelOptions { MaxDegreeOfParallelism = 2 }, i =>
        {
            var gold = _golds[i / 2];
            var answer = i % 2 == 0 ? $"The answer is $\\boxed{{{gold}}}$." : _golds[((i / 2) + 1) % _golds.Length];
            if (_verifier.Verify(gold, answer).Correct == true) Interlocked.Increment(ref right);
        });
        return right;
    }
}
