namespace Tenon.Training.Optimizers;

/// <summary>How one parameter departs from the recipe's optimizer; parameters are told apart by identity, never by name or place (LoRA+).</summary>
/// <param name="RateFactor">Multiplies the learning rate.</param>
/// <param name="WeightDecay">Replaces the weight decay; null keeps the recipe's.</param>
public sealed record ParameterGroup(double RateFactor = 1, double? WeightDecay = null);
