namespace Tenon.Training.Schedules;

/// <summary>The curve of a ramp between two learning rates.</summary>
public enum RampShape
{
    /// <summary>A straight line.</summary>
    Linear,

    /// <summary>Half a cosine.</summary>
    Cosine,

    /// <summary>1 - sqrt(progress): steep first, flat last (arXiv 2405.18392).</summary>
    OneMinusSqrt,
}

/// <summary>Ramps as functions of progress in [0, 1].</summary>
internal static class Ramp
{
    /// <summary>From 1 to 0.</summary>
    public static double Falling(RampShape shape, double progress, double cycles = 0.5) => shape switch
    {
        RampShape.Cosine => Cosine(2 * cycles * progress),
        RampShape.OneMinusSqrt => 1 - Math.Sqrt(progress),
        _ => 1 - progress,
    };

    /// <summary>From 0 to 1.</summary>
    public static double Rising(RampShape shape, double progress) => shape switch
    {
        RampShape.Cosine => 0.5 * (1 - ExactMath.Cos(Math.PI * progress)),
        RampShape.OneMinusSqrt => 1 - Math.Sqrt(1 - progress),
        _ => progress,
    };

    /// <summary>(1 + cos(pi x)) / 2.</summary>
    public static double Cosine(double x) => 0.5 * (1 + ExactMath.Cos(Math.PI * x));
}
