namespace Tenon.Training.Objectives;

/// <summary>
/// Whether a batch's teacher is left out. A teacher that makes use of the solution in its prompt finds right answers at least as likely as
/// the policy did, while over all answers of the policy its gaps average to minus a divergence; one that the added text confuses finds all
/// of them less likely, and who learns from it unlearns. All right answers of the batch decide together: those of one group are few, and a
/// lost teacher that is let in by chance outweighs the rewards of many groups.
/// </summary>
internal static class TeacherGuard
{
    /// <summary>
    /// Mean of l_teacher - l_old over the loss tokens of the batch's right completions that have a teacher; NaN where there are none.
    /// </summary>
    public static double Gap(PolicyBatch batch, double[] teacher)
    {
        var (sum, tokens) = (0.0, 0);
        for (var row = 0; row + 1 < batch.RowStarts.Length; row++)
        {
            if (batch.Right?[row] != true) continue;
            for (var t = batch.RowStarts[row]; t < batch.RowStarts[row + 1]; t++)
            {
                if (!batch.Mask[t] || double.IsNaN(teacher[t])) continue;
                sum += teacher[t] - batch.SampledLogps[t];
                tokens++;
            }
        }

        return tokens == 0 ? double.NaN : sum / tokens;
    }

    /// <summary>True where the gap lies below the bound, or where no right answer speaks for the teacher; false without a bound.</summary>
    public static bool LeavesOut(double? least, PolicyBatch batch, double[] teacher) =>
        least is { } bound && !(Gap(batch, teacher) >= bound);
}
