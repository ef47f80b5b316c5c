using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>What a teacher says of a batch's tokens, in the batch's order.</summary>
/// <param name="Logps">Log-probabilities; NaN where a completion has no teacher.</param>
/// <param name="Entropies">Entropies there.</param>
/// <param name="States">Last hidden states of each row's tokens, null where a row has no teacher; null where nothing asks for them.</param>
/// <param name="Size">Values of one state.</param>
/// <param name="Head">The teacher's head.</param>
internal sealed record TaughtTokens(
    double[] Logps, double[] Entropies, float[]?[]? States, int Size, Func<Tape, Tensor, Tensor> Head);

/// <summary>A teacher's verdict on a batch, token by token.</summary>
/// <param name="Logps">l_teacher of each completion token; NaN where the completion has no teacher.</param>
/// <param name="Entropies">Entropy of the teacher's distribution there.</param>
/// <param name="Factors">What each advantage was multiplied by (RLSD), NaN before and where nothing was.</param>
/// <param name="Weight">Weight of its signal in this step.</param>
/// <param name="Batch">The batch as it was sampled.</param>
/// <param name="Objective">The objective.</param>
internal sealed record TeacherScores(
    double[] Logps, double[] Entropies, double[] Factors, double Weight, PolicyBatch Batch, ObjectiveSettings Objective)
{
    /// <summary>True where the batch learns as if it had no teacher.</summary>
    public bool IsLeftOut { get; init; }

    /// <summary>The metrics that say what the teacher does.</summary>
    public void Fill(StepMetrics metrics)
    {
        var taught = Enumerable.Range(0, Logps.Length).Where(t => !double.IsNaN(Logps[t]) && Batch.Mask[t]).ToList();
        double Mean(Func<int, double> of) => taught.Count == 0 ? double.NaN : taught.Sum(of) / taught.Count;
        var starts = Batch.RowStarts;
        var rows = Enumerable.Range(0, starts.Length - 1).Where(row => starts[row] < starts[row + 1]).ToList();
        metrics[StepMetric.TeacherWeight] = Weight;
        metrics[StepMetric.TeacherMissing] =
            rows.Count == 0 ? double.NaN : rows.Count(row => double.IsNaN(Logps[starts[row]])) / (double)rows.Count;
        metrics[StepMetric.TeacherGap] = Mean(t => Logps[t] - Batch.SampledLogps[t]);
        metrics[StepMetric.TeacherGapRight] = TeacherGuard.Gap(Batch, Logps);
        if (Objective.TeacherGapMin is not null) metrics[StepMetric.TeacherUsed] = taught.Count == 0 ? double.NaN : IsLeftOut ? 0 : 1;
        metrics[StepMetric.TeacherAgreement] = Mean(t => Logps[t] > Batch.SampledLogps[t] ? 1 : 0);
        metrics[StepMetric.TeacherEntropy] = Mean(t => Entropies[t]);
        if (Objective.TeacherSignal != TeacherSignal.Magnitude) return;
        var moved = taught.Where(t => !double.IsNaN(Factors[t])).ToList();
        metrics[StepMetric.TeacherFactor] = moved.Count == 0 ? double.NaN : moved.Sum(t => Factors[t]) / moved.Count;
        metrics[StepMetric.TeacherHeld] = moved.Count == 0 || Objective.TeacherBound is not { } bound ? double.NaN
            : moved.Count(t => Factors[t] == 1 + bound || Factors[t] == Math.Max(0, 1 - bound)) / (double)moved.Count;
    }
}
