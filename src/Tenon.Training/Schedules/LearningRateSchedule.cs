// Learning-rate schedules as factors of the base rate; update t = 0, 1, ... The curves are those of transformers' get_scheduler, with the
// same
// names in kebab case (docs/objectives.md). With warm-up the first update has rate 0, as there.

namespace Tenon.Training.Schedules;

/// <summary>The course of the learning rate after warm-up.</summary>
public enum ScheduleKind
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>A straight line down to the floor, which the update after the last would have.</summary>
    Linear,

    /// <summary>
    /// Half a cosine down to the floor (or as many as <see cref="LearningRateSchedule.Cycles"/> says; not held after the end).
    /// </summary>
    Cosine,

    /// <summary>Several half cosines, each from the top.</summary>
    CosineRestarts,

    /// <summary>(1 - progress)^power down to the floor.</summary>
    Polynomial,

    /// <summary>1 / sqrt of time.</summary>
    InverseSqrt,

    /// <summary>It stays, then falls over the last updates (WSD).</summary>
    WarmupStableDecay,
}

/// <summary>A schedule that depends on nothing but the number of the update.</summary>
public sealed record LearningRateSchedule
{
    /// <summary>The course after warm-up.</summary>
    public ScheduleKind Kind { get; init; } = ScheduleKind.Constant;

    /// <summary>Updates of the whole run.</summary>
    public long TotalSteps { get; init; }

    /// <summary>Updates over which the rate rises.</summary>
    public long WarmupSteps { get; init; }

    /// <summary>Where a falling schedule goes to, as a share of the base rate; the last update is one step of the curve above it.</summary>
    public double Floor { get; init; }

    /// <summary>Cosine: full waves (half a wave is the usual descent); restarts: descents.</summary>
    public double? Cycles { get; init; }

    /// <summary>Exponent of the polynomial.</summary>
    public double Power { get; init; } = 1;

    /// <summary>Time constant of the inverse root in updates; null for the warm-up's length (10,000 without).</summary>
    public double? Timescale { get; init; }

    /// <summary>Updates of the last descent of <see cref="ScheduleKind.WarmupStableDecay"/>; null for a tenth of the run.</summary>
    public long? DecaySteps { get; init; }

    /// <summary>Curve of the warm-up; used by <see cref="ScheduleKind.WarmupStableDecay"/>.</summary>
    public RampShape WarmupShape { get; init; } = RampShape.Linear;

    /// <summary>Curve of the last descent of <see cref="ScheduleKind.WarmupStableDecay"/>.</summary>
    public RampShape DecayShape { get; init; } = RampShape.Linear;

    /// <summary>
    /// True reads the cosine one update ahead, so that the first update already moves and the last reaches the floor (transformers'
    /// cosine_warmup_with_min_lr).
    /// </summary>
    public bool OneAhead { get; init; }

    /// <summary>With <see cref="OneAhead"/>: the share of the base rate that the warm-up starts from; null for one part of it.</summary>
    public double? WarmupStart { get; init; }

    /// <summary>The factor of update <paramref name="t"/>, counted from 0.</summary>
    public double Factor(long t) => Kind switch
    {
        ScheduleKind.WarmupStableDecay => StableDecay(t),
        ScheduleKind.Constant when WarmupSteps == 0 => 1,
        _ when t < WarmupSteps => OneAhead ? AheadWarmup(t) : (double)t / Math.Max(1, WarmupSteps),
        ScheduleKind.Linear => WithFloor(Math.Max(0, (double)(TotalSteps - t) / Math.Max(1, TotalSteps - WarmupSteps))),
        ScheduleKind.Cosine => Math.Max(0, WithFloor(Ramp.Cosine(2 * (Cycles ?? 0.5) * Progress(t)))),
        ScheduleKind.CosineRestarts => Progress(t) >= 1 ? Floor : WithFloor(Math.Max(0, Ramp.Cosine((Cycles ?? 1) * Progress(t) % 1))),
        ScheduleKind.Polynomial =>
            t > TotalSteps ? Floor : WithFloor(ExactMath.Pow(1 - (double)(t - WarmupSteps) / Math.Max(1, TotalSteps - WarmupSteps), Power)),
        ScheduleKind.InverseSqrt => 1 / Math.Sqrt((t + Scale - WarmupSteps) / Scale),
        _ => 1,
    };

    private double Scale => Timescale ?? (WarmupSteps > 0 ? WarmupSteps : 10_000);

    private double Progress(long t) => (t - WarmupSteps + (OneAhead ? 1.0 : 0)) / Math.Max(1, TotalSteps - WarmupSteps);

    private double WithFloor(double factor) => factor * (1 - Floor) + Floor;

    private double AheadWarmup(long t) => WarmupStart is { } start
        ? start + (1 - start) * t / Math.Max(1, WarmupSteps - 1)
        : (t + 1.0) / Math.Max(1, WarmupSteps);

    private double StableDecay(long t)
    {
        var decay = DecaySteps ?? Math.Max(1, TotalSteps / 10);
        var stable = TotalSteps - WarmupSteps - decay;
        if (t < WarmupSteps) return Math.Max(0, WithFloor(Ramp.Rising(WarmupShape, (double)t / Math.Max(1, WarmupSteps))));
        if (t < WarmupSteps + stable) return 1;
        var into = t - WarmupSteps - stable;
        return into < decay ? Math.Max(0, WithFloor(Ramp.Falling(DecayShape, (double)into / Math.Max(1, decay), Cycles ?? 0.5))) : Floor;
    }
}
