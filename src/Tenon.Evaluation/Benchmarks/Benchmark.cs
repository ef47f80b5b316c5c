using Tenon.Rewards;
using Tenon.Rollouts;

namespace Tenon.Evaluation.Benchmarks;

/// <summary>Problems that a model is measured on.</summary>
public sealed record Benchmark
{
    /// <summary>A benchmark of these problems; an id that stands twice gets <c>#2</c>, <c>#3</c> ... behind it.</summary>
    /// <param name="name">As it was asked for: <c>NAME@K</c>.</param>
    /// <param name="samples">K, the samples of each problem.</param>
    /// <param name="problems">The problems.</param>
    public Benchmark(string name, int samples, IReadOnlyList<Problem> problems)
    {
        (Name, Samples) = (name, samples);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var unique = new List<Problem>(problems.Count);
        foreach (var problem in problems)
        {
            var id = problem.Id;
            for (var copy = 2; !seen.Add(id); copy++) id = $"{problem.Id}#{copy}";
            unique.Add(id == problem.Id ? problem : problem with { Id = id });
        }

        Problems = unique;
    }

    /// <summary><c>NAME@K</c>.</summary>
    public string Name { get; }

    /// <summary>K.</summary>
    public int Samples { get; }

    /// <summary>What judges these problems alone; null for what judges the evaluation.</summary>
    public IReadOnlyList<WeightedReward>? Rewards { get; init; }

    /// <summary>What an identity calls that.</summary>
    public string? Grader { get; init; }

    /// <summary>The problems, in order.</summary>
    public IReadOnlyList<Problem> Problems { get; }
}
