namespace Tenon.Training.Settings;

/// <summary>How the gradient becomes a change of the adapter.</summary>
public sealed record OptimizerSettings : ISettings
{
    /// <summary>The optimizer.</summary>
    public string Method { get; init; } = "adamw";

    /// <summary>The learning rate after warm-up.</summary>
    [Bounds(0, 1000, Above = true)]
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>How the learning rate goes on after warm-up, down to <c>min-learning-rate</c> at the last step.</summary>
    public Schedule Schedule { get; init; } = Schedule.Constant;

    /// <summary>Steps over which the learning rate rises from 0.</summary>
    [Bounds(0, 10_000_000)]
    public int WarmupSteps { get; init; }

    /// <summary>Where a falling schedule ends.</summary>
    [Bounds(0, 1000)]
    public double MinLearningRate { get; init; }

    /// <summary>The gradient is scaled down to this norm where it is larger; null never.</summary>
    [Bounds(0, double.PositiveInfinity, Above = true)]
    public double? MaxGradNorm { get; init; } = 1;

    /// <summary>Decay of the first moment.</summary>
    [Bounds(0, 0.999999)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    [Bounds(0, 0.9999999)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment.</summary>
    [Bounds(0, 1)]
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay.</summary>
    [Bounds(0, 100)]
    public double WeightDecay { get; init; }

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (MinLearningRate > LearningRate)
            yield return new("min-learning-rate", $"{MinLearningRate} is above the learning rate", $"0 to learning-rate ({LearningRate})");
        if (MinLearningRate > 0 && Schedule == Schedule.Constant)
            yield return new("min-learning-rate", "has no use under a constant schedule", "0, or schedule: linear or cosine");
    }
}

/// <summary>The course of the learning rate after warm-up.</summary>
public enum Schedule
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>It falls on a straight line.</summary>
    Linear,

    /// <summary>It falls on half a cosine.</summary>
    Cosine,
}
