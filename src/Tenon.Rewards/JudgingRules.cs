namespace Tenon.Rewards;

/// <summary>What verdicts depend on beside a recipe: machines that work on one study must agree in it.</summary>
public static class JudgingRules
{
    /// <summary>Raised, with a dated line in docs/log.md, whenever a reward, a verifier or a task would judge or ask otherwise.</summary>
    public const int Version = 2;
}
