using Tenon.Rewards.MathAnswers.Parsing;

namespace Tenon.Rewards.MathAnswers.Comparison;

/// <summary>Confirms at high precision that two closed forms which agree as doubles are equal.</summary>
internal static class HighPrecision
{
    /// <summary>True or false where the precision decides, null where the expressions cannot be evaluated so.</summary>
    public static bool? Agree(Expr gold, Expr answer, WorkBudget budget) => null;
}
