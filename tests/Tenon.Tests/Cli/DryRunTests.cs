using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

public sealed class DryRunTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact, Trait("Speed", "slow")]
    public void Time_and_memory_are_told_by_part_expected_and_at_most()
    {
        const string Recipe = """
            model: tiny
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            rollout: { prompts: 2, group: 2, max-new-tokens: 48 }
            steps: 3
            """;
        var plain = Call.Tenon("train", _runs.Recipe(Recipe), "--dry-run");
        plain.Exit.ShouldBe(0, plain.Error);
        foreach (var part in
            new[] { "sampling and judging", "training:", "time         all: about", "memory       model", "memory       cache of sampling",
            "memory       training pass", "memory       all: about" })
            plain.Out.ShouldContain(part);
        foreach (var part in new[] { "reference pass", "first pass", "evaluation:", "evaluations:" }) plain.Out.ShouldNotContain(part);

        var full =
            Call.Tenon("train",
            _runs.Recipe(Recipe
            + "\nobjective: { preset: dapo, kl: 0.1, entropy-quantile: 0.2 }\nevaluate: { benchmarks: [held-out@1], problems: 2 }"),
            "--dry-run");
        full.Exit.ShouldBe(0, full.Error);
        foreach (var part in new[] { "reference pass", "first pass over each batch", "2 evaluations: about" })
            full.Out.ShouldContain(part);
    }
}
