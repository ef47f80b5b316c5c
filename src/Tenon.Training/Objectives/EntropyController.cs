namespace Tenon.Training.Objectives;

/// <summary>
/// Moves the weight of the entropy bonus after every optimizer step: up where the mean entropy is at or below the target, down elsewhere.
/// The
/// bonus acts only while the last step's entropy was at or below the target, so never in the first step.
/// </summary>
/// <param name="Coefficient">The weight now.</param>
/// <param name="LastEntropy">Mean entropy of the last step; infinite before the first.</param>
public sealed record EntropyController(double Coefficient, double LastEntropy = double.PositiveInfinity)
{
    /// <summary>The weight that the coming step uses.</summary>
    public double Effective(EntropyControl control) =>
        !control.Adaptive || LastEntropy <= control.Target ? Coefficient : 0;

    /// <summary>
    /// The state after a step with that mean entropy over the tokens the bonus acts on; NaN (no such token) leaves it as it is.
    /// </summary>
    public EntropyController After(EntropyControl control, double entropy) => double.IsNaN(entropy) ? this : !control.Adaptive
        ? this with { LastEntropy = entropy }
        : new EntropyController(
            entropy <= control.Target
                ? Math.Min(Coefficient + control.Step, control.Max)
                : Math.Max(Coefficient - control.Step, control.Min),
            entropy);
}
