namespace Tenon.Evaluation.Statistics;

/// <summary>avg@k over questions with k samples each.</summary>
/// <param name="Mean">Mean over questions of the share of right samples.</param>
/// <param name="StandardError">Standard deviation of the questions' means (divisor questions - 1) over sqrt(questions): sampling noise is
/// inside. NaN below two questions.</param>
/// <param name="WithinQuestions">The part of it that more samples of the same questions would take away; NaN for one sample a
/// question.</param>
/// <param name="AnyRight">Share of questions with a right sample: pass@k with k samples.</param>
public sealed record AverageAtK(double Mean, double StandardError, double WithinQuestions, double AnyRight)
{
    /// <summary>From the number of right samples of each question.</summary>
    public static AverageAtK Of(IReadOnlyList<int> correct, int k)
    {
        double[] means = [.. correct.Select(c => (double)c / k)];
        var (mean, error) = PassAtK.Average(means);
        var within = k < 2 ? double.NaN : Math.Sqrt(means.Sum(m => m * (1 - m) / (k - 1))) / means.Length;
        return new(mean, error, within, (double)correct.Count(c => c > 0) / correct.Count);
    }
}
