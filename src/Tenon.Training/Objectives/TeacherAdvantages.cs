namespace Tenon.Training.Objectives;

/// <summary>What a teacher's log-probabilities do to the advantages; formulas at <see cref="TeacherSignal"/>.</summary>
internal static class TeacherAdvantages
{
    /// <summary>The weight of the signal in a step, counted from 1.</summary>
    public static double Weight(TeacherChoice teacher, int step) => teacher.DecaySteps is { } steps
        ? teacher.Weight * Math.Max(0, 1 - (step - 1) / (double)steps)
        : teacher.Weight;

    /// <summary>
    /// The advantages with the teacher's signal; a token without a teacher (NaN) keeps its own. <paramref name="factors"/> takes what a
    /// magnitude is multiplied by, or nothing.
    /// </summary>
    public static double[] Of(
        TeacherChoice choice, double weight, double[] advantages, double[] student, double[] teacher, double[]? factors = null)
    {
        var result = (double[])advantages.Clone();
        if (choice.Kind == TeacherSignal.FullVocabulary) return result;
        var bound = choice.Bound ?? double.PositiveInfinity;
        for (var t = 0; t < result.Length; t++)
        {
            if (double.IsNaN(teacher[t])) continue;
            var gap = teacher[t] - student[t];
            if (choice.Kind == TeacherSignal.LogRatio)
            {
                result[t] += weight * Math.Clamp(gap, -bound, bound);
                continue;
            }
            var factor = Math.Clamp(ExactMath.Exp(Math.Clamp(Math.Sign(result[t]) * gap, -20, 20)), Math.Max(0, 1 - bound), 1 + bound);
            if (factors is not null) factors[t] = factor;
            result[t] *= 1 - weight + weight * factor;
        }
        return result;
    }
}
