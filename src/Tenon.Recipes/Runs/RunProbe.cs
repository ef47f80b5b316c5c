using Tenon.Training;

namespace Tenon.Recipes;

/// <summary>
/// A piece of the run itself, measured on this machine: its first steps with an evaluation before and behind them, a checkpoint and the
/// report; all of a batch where one fits in a few seconds, fewer prompts where it does not, and shorter completions where a single prompt
/// does not. In seconds of processors of its own. Nothing of it is kept.
/// </summary>
internal sealed record RunProbe
{
    private const double StepSeconds = 5, MostSeconds = 10;
    private const double UsualSeconds = 11, EvaluationSeconds = 1.5;
    private const int MostSteps = 12;
    private const int FirstTokens = 8;

    /// <summary>Mean length of a completion; where the probe had to cut them, what their ends so far suggest.</summary>
    public required double Length { get; init; }

    /// <summary>Mean length of the probe's own completions, which it may have cut.</summary>
    public required double ProbedLength { get; init; }

    /// <summary>The longest of them.</summary>
    public required double Longest { get; init; }

    /// <summary>Mean length of a prompt.</summary>
    public required double PromptTokens { get; init; }

    /// <summary>Prompts of the probe's steps.</summary>
    public required int Prompts { get; init; }

    /// <summary>Held-out problems of its evaluations, at most, for each benchmark.</summary>
    public required int Problems { get; init; }

    /// <summary>Steps that the probe rests on.</summary>
    public required int Steps { get; init; }

    /// <summary>Completions that were drawn in them.</summary>
    public required int Completions { get; init; }

    /// <summary>Groups drawn for each prompt of a step: more than one under dynamic sampling.</summary>
    public required double Draws { get; init; }

    /// <summary>Groups with a training pass for each prompt of a step.</summary>
    public required double Active { get; init; }

    /// <summary>The same in that of the probe's steps that has the most, and in that of the run that has.</summary>
    public required (double Probe, double Run) MostActive { get; init; }

    /// <summary>Seconds of a step of sampling beyond what its rows take: those of the engine's own steps.</summary>
    public required double SecondsPerSamplingStep { get; init; }

    /// <summary>Seconds of sampling and judging by row, a token of a prompt or of a completion.</summary>
    public required double SecondsPerSampled { get; init; }

    /// <summary>Seconds of reference, teacher, advantages and the samples' file by completion token.</summary>
    public required double SecondsPerScored { get; init; }

    /// <summary>Seconds of the optimizer steps beyond what their tokens take.</summary>
    public required double SecondsPerUpdate { get; init; }

    /// <summary>Seconds of all optimizer steps by completion token that a pass is made over.</summary>
    public required double SecondsPerTrained { get; init; }

    /// <summary>Attention's share of sampling, of scoring and of training at the probe's lengths: it grows with the context.</summary>
    public required (double Sampling, double Scoring, double Training) Attention { get; init; }

    /// <summary>Seconds of an evaluation of as many problems as the probe's had; 0 where it made none.</summary>
    public required double Evaluation { get; init; }

    /// <summary>Seconds of a checkpoint.</summary>
    public required double Checkpoint { get; init; }

    /// <summary>
    /// Seconds that the first calls of everything took more than later ones (compilation, first touch of the weights), and those of the
    /// report.
    /// </summary>
    public required double StartSeconds { get; init; }

    /// <summary>Seconds of compilation that each further e-fold of steps brings.</summary>
    public required double CompiledLater { get; init; }

    /// <summary>Seconds by the wall clock for one of the probe's own; 1 on a machine that does nothing else.</summary>
    public required double Disturbed { get; init; }

    /// <summary>The process's peak while the model was loaded, and while the steps ran, in bytes.</summary>
    public required (long Loading, long Steps) Peaks { get; init; }

    /// <summary>Measures; takes some ten seconds, more only where a single token is slow.</summary>
    /// <param name="setup">The run.</param>
    /// <param name="place">The run's folder, on whose disk the piece is kept; null for a temporary one.</param>
    public static RunProbe Of(TrainingSetup setup, string? place = null)
    {
        var (settings, rollout, loading) = (setup.Settings, setup.Settings.Rollout, ProcessMemory.PeakBytes());
        var first = ProbeSteps.Run(setup, new ProbeSize(1, Math.Min(FirstTokens, rollout.MaxNewTokens), 2, 2), place);
        if (first.Steps.Count == 0)
            throw first.Fault ?? new TenonException("the first step of the run", "one that can be made", "one that ends the run");
        var one = first.Steps[^1];
        // A step without a pass says nothing of one: about twice its sampling then.
        var training = one.Active(settings) > 0 ? one.Training.Alone : 2 * one.Sampling.Alone;
        var whole = (one.Sampling.Alone + one.Scoring.Alone + training) / Math.Max(1, one.Tokens) * rollout.Group * rollout.MaxNewTokens;
        var prompts = (int)Math.Clamp(StepSeconds / whole, 1, rollout.Prompts);
        var limit = (int)Math.Clamp(rollout.MaxNewTokens * Math.Min(1, 3 * StepSeconds / whole), 1, rollout.MaxNewTokens);
        List<ProbeRun> pieces = [first];
        while (true)
        {
            // What the first tokens cost is mostly compilation: a larger piece tells better how much of the batch there is time for.
            var piece = ProbeSteps.Run(setup, new ProbeSize(prompts, limit, 1, 1), place);
            if (piece.Steps.Count == 0) break;
            pieces.Add(piece);
            var (step, had) = (piece.Steps[0], prompts);
            prompts = (int)Math.Clamp(had * MostSeconds / step.Seconds, had, Math.Min(rollout.Prompts, 8.0 * had));
            if (prompts < rollout.Prompts && prompts >= 2 * had) continue;
            // The second step holds what the first has left, which one alone does not show.
            pieces.Add(ProbeSteps.Run(setup, new ProbeSize(prompts, limit,
                (int)Math.Clamp(Math.Round(UsualSeconds * had / (step.Seconds * prompts)), Math.Min(2, settings.Steps),
                    Math.Min(MostSteps, settings.Steps)),
                2 * UsualSeconds)
            {
                Problems = Evaluated(setup, step), Ends = true,
            }, place));
            break;
        }

        if (pieces[^1].Steps.Count == 0) pieces.RemoveAt(pieces.Count - 1);
        return ProbeRates.Of(setup, pieces) with { Peaks = (loading, pieces[^1].Peak) };
    }

    // As many held-out problems of each benchmark as the rate of a step's sampling has time for.
    private static int Evaluated(TrainingSetup setup, ProbeStep step)
    {
        var samples = setup.HeldOut.Sum(h => h.Samples);
        var tokens = EvaluationSeconds * step.Tokens / Math.Max(1e-6, step.Sampling.Alone);
        return samples == 0 ? 0 : (int)Math.Clamp(tokens / Math.Max(1, step.Length) / samples, 1, int.MaxValue);
    }
}
