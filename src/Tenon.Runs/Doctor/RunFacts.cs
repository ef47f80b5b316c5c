using System.Text.Json.Nodes;

namespace Tenon.Runs.Doctor;

/// <summary>What diagnoses look at: the recipe, the steps that are logged, completions of some steps, held-out accuracies.</summary>
/// <param name="recipe">The resolved recipe.</param>
/// <param name="steps">The steps, in order.</param>
/// <param name="samples">The completions of a step; null where only metrics are looked at (while a run goes on).</param>
/// <param name="evaluations">Accuracies by benchmark, each by step.</param>
/// <param name="judge">The verifier's own verdict on a completion; null where it has none (another kind of task).</param>
public sealed class RunFacts(
    JsonObject recipe, IReadOnlyList<StepMetrics> steps, Func<int, IReadOnlyList<SampleRecord>>? samples = null,
    IReadOnlyList<IReadOnlyList<(int Step, double Accuracy)>>? evaluations = null, Func<SampleRecord, bool?>? judge = null)
{
    private const int SampledSteps = 20;
    private readonly Dictionary<int, IReadOnlyList<SampleRecord>> _samples = [];

    /// <summary>The steps, in order.</summary>
    public IReadOnlyList<StepMetrics> Steps => steps;

    /// <summary>Accuracies by benchmark, each by step.</summary>
    public IReadOnlyList<IReadOnlyList<(int Step, double Accuracy)>> Evaluations => evaluations ?? [];

    /// <summary>How often the recipe goes through a batch.</summary>
    public double Epochs => OrOne(RunJson.Number(recipe["update"]?["epochs"]));

    /// <summary>Optimizer steps that the recipe takes on one batch.</summary>
    public double UpdatesPerBatch => Epochs * OrOne(RunJson.Number(recipe["update"]?["minibatches"]));

    /// <summary>True where the recipe's teacher reads a solution, or another answer of the group, in its prompt.</summary>
    internal bool TeacherIsShownAnswers => RunJson.Text(recipe["objective"]?["teacher"]) is "solution" or "own-answer";

    /// <summary>The facts of a run folder.</summary>
    public static RunFacts Of(RunReader run, Func<SampleRecord, bool?>? judge = null) => new(run.Run.Recipe, run.Steps, run.Samples,
        [.. run.Evaluations().Where(e => !e.IsText).GroupBy(e => e.Benchmark).Select(group => (IReadOnlyList<(int, double)>)
            [.. group.Select(e => (e.Step ?? 0, e["avg_at_k"])).Where(pair => double.IsFinite(pair.Item2)).OrderBy(pair => pair.Item1)])],
        judge);

    /// <summary>The verifier's own verdict on a completion.</summary>
    public bool? Judge(SampleRecord sample) => judge?.Invoke(sample);

    /// <summary>The completions of the first steps; empty where completions are not looked at.</summary>
    public IReadOnlyList<SampleRecord> FirstSamples(int count) => [.. steps.Take(count).SelectMany(step => Samples(step.Step))];

    /// <summary>The completions of the last steps.</summary>
    public IReadOnlyList<SampleRecord> LastSamples(int count = SampledSteps) =>
        [.. steps.TakeLast(count).SelectMany(step => Samples(step.Step))];

    /// <summary>Mean of a number over steps that say it; NaN where none does.</summary>
    public static double Mean(IEnumerable<StepMetrics> some, Func<StepMetrics, double> of)
    {
        var values = some.Select(of).Where(double.IsFinite).ToList();
        return values.Count == 0 ? double.NaN : values.Average();
    }

    /// <summary>Median of a number over steps that say it; NaN where none does.</summary>
    public static double Median(IEnumerable<StepMetrics> some, Func<StepMetrics, double> of)
    {
        var values = some.Select(of).Where(double.IsFinite).Order().ToList();
        return values.Count == 0 ? double.NaN : values[values.Count / 2];
    }

    private IReadOnlyList<SampleRecord> Samples(int step)
    {
        if (samples is null) return [];
        if (!_samples.TryGetValue(step, out var lines)) _samples[step] = lines = samples(step);
        return lines;
    }

    private static double OrOne(double value) => double.IsFinite(value) ? value : 1;
}
