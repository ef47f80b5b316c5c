using Tenon.Training.Schedules;

namespace Tenon.Training.Settings;

/// <summary>How the gradient becomes a change of the adapter.</summary>
public sealed record OptimizerSettings : ISettings
{
    /// <summary>
    /// The optimizer; <c>muon</c> is for matrices and gives other tensors AdamW's step, <c>adafactor-relative</c> is transformers' reading
    /// of Adafactor.
    /// </summary>
    [Words("adamw", "adam", "sgd", "rmsprop", "adagrad", "adafactor", "adafactor-relative", "lion", "muon", "nadam", "radam", "adamax")]
    public string Method { get; init; } = "adamw";

    /// <summary>
    /// The learning rate after warm-up; null is the method's own, tuned for <c>adamw</c> and fitted to the model's width
    /// (docs/studies/methods.md), 2e-3 in <c>pretrain</c>.
    /// </summary>
    [Bounds(0, 1000, Above = true)]
    public double? LearningRate { get; init; }

    /// <summary>
    /// How the learning rate goes on after warm-up. A schedule runs over the steps of the run, whether a step trains or not; a falling one
    /// reaches <c>min-learning-rate</c> with the end of the last step.
    /// </summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Constant;

    /// <summary>Steps over which the learning rate rises from 0.</summary>
    [Bounds(0, 10_000_000)]
    public int WarmupSteps { get; init; }

    /// <summary>Where a falling schedule ends: the rate that a step after the last would have.</summary>
    [Bounds(0, 1000)]
    public double MinLearningRate { get; init; }

    /// <summary>
    /// Full waves of <c>cosine</c> (half a wave is the usual descent), descents of <c>cosine-restarts</c>; null is 0.5 and 1.
    /// </summary>
    [Bounds(0, 1000, Above = true)]
    public double? Cycles { get; init; }

    /// <summary>Exponent of <c>polynomial</c>.</summary>
    [Bounds(0, 100, Above = true)]
    public double Power { get; init; } = 1;

    /// <summary>Time constant of <c>inverse-sqrt</c> in steps; null is the warm-up's length, 10,000 without.</summary>
    [Bounds(0, 1e9, Above = true)]
    public double? Timescale { get; init; }

    /// <summary>Steps of the last descent of <c>warmup-stable-decay</c>; null is a tenth of the run.</summary>
    [Bounds(1, 10_000_000)]
    public int? DecaySteps { get; init; }

    /// <summary>Curve of the warm-up of <c>warmup-stable-decay</c>.</summary>
    public RampShape WarmupShape { get; init; } = RampShape.Linear;

    /// <summary>Curve of the last descent of <c>warmup-stable-decay</c>.</summary>
    public RampShape DecayShape { get; init; } = RampShape.Linear;

    /// <summary>The gradient is scaled down to this norm where it is larger; null never.</summary>
    [Bounds(0, double.PositiveInfinity, Above = true)]
    public double? MaxGradNorm { get; init; } = 1;

    /// <summary>Decay of the first moment.</summary>
    [Bounds(0, 0.999999)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment; null is the method's own (0.999, and 0.99 for <c>lion</c>).</summary>
    [Bounds(0, 0.9999999)]
    public double? Beta2 { get; init; }

    /// <summary>Added to the root of the second moment; null is the method's own (1e-8, and 1e-10 for <c>adagrad</c>).</summary>
    [Bounds(0, 1)]
    public double? Epsilon { get; init; }

    /// <summary>
    /// Weight decay: decoupled in <c>adamw</c>, <c>lion</c>, <c>muon</c> and both <c>adafactor</c>s, an L2 penalty in the others.
    /// </summary>
    [Bounds(0, 100)]
    public double WeightDecay { get; init; }

    /// <summary>Momentum of <c>sgd</c>, <c>rmsprop</c> and <c>muon</c>; null is the method's own (0, 0 and 0.95).</summary>
    [Bounds(0, 0.999999)]
    public double? Momentum { get; init; }

    /// <summary>How much of the gradient <c>sgd</c>'s momentum leaves out.</summary>
    [Bounds(0, 1)]
    public double Dampening { get; init; }

    /// <summary>Nesterov's momentum in <c>sgd</c> and <c>muon</c>; null is the method's own (no and yes).</summary>
    public bool? Nesterov { get; init; }

    /// <summary>Decay of <c>rmsprop</c>'s mean of squares.</summary>
    [Bounds(0, 0.9999999)]
    public double Smoothing { get; init; } = 0.99;

    /// <summary>Whether <c>rmsprop</c> takes the squared mean from the mean of squares.</summary>
    public bool Centered { get; init; }

    /// <summary>Whether <c>adamw</c> and <c>adam</c> divide by the largest second moment so far (AMSGrad).</summary>
    public bool Amsgrad { get; init; }

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (MinLearningRate > LearningRate)
            yield return new("min-learning-rate", $"{MinLearningRate} is above the learning rate", $"0 to learning-rate ({LearningRate})");
        if (MinLearningRate > 0 && Schedule is ScheduleKind.Constant or ScheduleKind.InverseSqrt)
            yield return new("min-learning-rate", $"has no use under schedule {SettingNames.Word(Schedule)}",
                "0, or a schedule that falls: linear, cosine, ...");
        if (Nesterov == true && Method == "sgd" && Momentum is null or 0)
            yield return new("nesterov", "has no momentum to look ahead with", "momentum above 0, or no nesterov");
    }

    /// <summary>The learning rate once it is known.</summary>
    internal double Rate => LearningRate ?? throw new InvalidOperationException("the learning rate is not resolved");

    /// <summary>The same optimizer with a learning rate where the recipe names none.</summary>
    public OptimizerSettings WithRate(double standard)
    {
        if (LearningRate is null && MinLearningRate > standard)
            throw new TenonException("optimizer.min-learning-rate", $"0 to the learning rate ({standard}, the method's own)",
                $"{MinLearningRate}", "name a learning-rate", usage: true);
        return this with { LearningRate = LearningRate ?? standard };
    }

    /// <summary>The schedule of a run, in updates.</summary>
    /// <param name="steps">Steps of the run.</param>
    /// <param name="updatesPerStep">Optimizer updates of a step.</param>
    internal LearningRateSchedule ScheduleOf(long steps, int updatesPerStep) => new()
    {
        Kind = Schedule,
        TotalSteps = steps * updatesPerStep,
        WarmupSteps = (long)WarmupSteps * updatesPerStep,
        Floor = MinLearningRate / Rate,
        Cycles = Cycles,
        Power = Power,
        Timescale = Timescale * updatesPerStep,
        DecaySteps = (long?)DecaySteps * updatesPerStep,
        WarmupShape = WarmupShape,
        DecayShape = DecayShape,
    };
}
