// Schedules that watch a metric, fed after each update (or each evaluation): torch's ReduceLROnPlateau and transformers' GreedyLR (arXiv
// 2512.14527).
// States are records: a checkpoint keeps them, and a step gives the next one.
namespace Tenon.Training.Schedules;

/// <summary>What counts as better.</summary>
/// <param name="Maximise">True where larger is better.</param>
/// <param name="Threshold">How much better it must be.</param>
/// <param name="Relative">True where the threshold is a share of the best value.</param>
public sealed record Improvement(bool Maximise, double Threshold, bool Relative)
{
    /// <summary>The value that anything beats.</summary>
    public double Worst => Maximise ? double.NegativeInfinity : double.PositiveInfinity;

    /// <summary>True where <paramref name="value"/> beats <paramref name="best"/>.</summary>
    public bool Beats(double value, double best) => (Maximise, Relative) switch
    {
        (false, true) => value < best * (1 - Threshold),
        (false, false) => value < best - Threshold,
        (true, true) => value > best * (1 + Threshold),
        _ => value > best + Threshold,
    };
}

/// <summary>Settings of <see cref="PlateauState"/>; defaults are torch's.</summary>
/// <param name="Factor">Multiplies the rate on a plateau.</param>
/// <param name="Patience">Bad updates that are borne.</param>
/// <param name="Cooldown">Updates after a reduction in which bad ones do not count.</param>
/// <param name="MinRate">Smallest rate.</param>
public sealed record PlateauSettings(double Factor = 0.1, int Patience = 10, int Cooldown = 0, double MinRate = 0)
{
    /// <summary>What counts as better.</summary>
    public Improvement Improvement { get; init; } = new(false, 1e-4, true);
}

/// <summary>Reduces the rate where the metric no longer improves.</summary>
/// <param name="Rate">The learning rate now.</param>
/// <param name="Best">The best value so far.</param>
/// <param name="Bad">Bad updates in a row.</param>
/// <param name="Cooling">Updates left in which bad ones do not count.</param>
public sealed record PlateauState(double Rate, double Best, int Bad = 0, int Cooling = 0)
{
    /// <summary>The state before the first metric.</summary>
    public static PlateauState Start(PlateauSettings settings, double rate) => new(rate, settings.Improvement.Worst);

    /// <summary>The state after a metric.</summary>
    public PlateauState After(PlateauSettings settings, double metric)
    {
        var better = settings.Improvement.Beats(metric, Best);
        var next = this with { Best = better ? metric : Best, Bad = better ? 0 : Bad + 1 };
        if (next.Cooling > 0) next = next with { Cooling = next.Cooling - 1, Bad = 0 };
        if (next.Bad <= settings.Patience) return next;
        var rate = Math.Max(Rate * settings.Factor, settings.MinRate);
        return next with { Rate = Rate - rate > 1e-8 ? rate : Rate, Bad = 0, Cooling = settings.Cooldown };
    }
}

/// <summary>Settings of <see cref="GreedyState"/>; defaults are transformers'.</summary>
/// <param name="Factor">Multiplies the rate on a plateau, divides it on a run of improvements; below 1.</param>
/// <param name="Patience">Bad or good updates in a row before the rate moves.</param>
/// <param name="Cooldown">Updates of rest after a reduction.</param>
/// <param name="Warmup">Updates of rest after a rise.</param>
/// <param name="MinRate">Smallest rate.</param>
/// <param name="MaxRate">Largest rate.</param>
/// <param name="Window">Updates that the metric is averaged over; 1 for none.</param>
/// <param name="ResetAfter">Reductions at the smallest rate after which all starts again.</param>
public sealed record GreedySettings(
    double Factor = 0.95, int Patience = 10, int Cooldown = 0, int Warmup = 0, double MinRate = 1e-3, double MaxRate = 1, int Window =
    1, int ResetAfter = 500)
{
    /// <summary>What counts as better.</summary>
    public Improvement Improvement { get; init; } = new(false, 1e-6, false);
}

/// <summary>Raises the rate while the metric improves and lowers it where it does not.</summary>
public sealed record GreedyState
{
    /// <summary>The learning rate now.</summary>
    public required double Rate { get; init; }

    /// <summary>The rate it started from.</summary>
    public required double Start { get; init; }

    /// <summary>The best value so far.</summary>
    public required double Best { get; init; }

    /// <summary>Improvements in a row.</summary>
    public int Good { get; init; }

    /// <summary>Updates without one in a row.</summary>
    public int Bad { get; init; }

    /// <summary>Updates of rest that are left.</summary>
    public int Cooling { get; init; }

    /// <summary>Updates of rest after a rise that are left.</summary>
    public int Warming { get; init; }

    /// <summary>Reductions at the smallest rate until all starts again.</summary>
    public required int ResetIn { get; init; }

    /// <summary>The last metrics, oldest first, at most the window.</summary>
    public IReadOnlyList<double> Recent { get; init; } = [];

    /// <summary>Their running sum, kept as the reference keeps it: added to and subtracted from.</summary>
    public double RecentSum { get; init; }

    /// <summary>The state before the first metric.</summary>
    public static GreedyState New(GreedySettings settings, double rate) => new()
    {
        Rate = rate, Start = rate, Best = settings.Improvement.Worst, ResetIn = settings.ResetAfter,
    };

    /// <summary>The state after a metric.</summary>
    public GreedyState After(GreedySettings settings, double metric)
    {
        var next = Averaged(settings, metric, out var value);
        if (Cooling > 0) return next with { Cooling = Cooling - 1, Good = 0, Bad = 0 };
        if (Warming > 0) return next with { Warming = Warming - 1, Good = 0, Bad = 0 };
        next = settings.Improvement.Beats(value, Best)
            ? next with { Best = value, Good = Good + 1, Bad = 0 }
            : next with { Bad = Bad + 1, Good = 0 };
        if (next.Good > settings.Patience) return next.Raised(settings);
        return next.Bad > settings.Patience ? next.Lowered(settings) : next;
    }

    private GreedyState Averaged(GreedySettings settings, double metric, out double value)
    {
        value = metric;
        if (settings.Window <= 1) return this;
        List<double> recent = [.. Recent, metric];
        var sum = RecentSum + metric;
        if (recent.Count > settings.Window)
        {
            sum -= recent[0];
            recent.RemoveAt(0);
        }
        value = sum / recent.Count;
        return this with { Recent = recent, RecentSum = sum };
    }

    private GreedyState Raised(GreedySettings settings)
    {
        var rate = Math.Min(Rate / settings.Factor, settings.MaxRate);
        return this with { Rate = rate - Rate > 1e-8 ? rate : Rate, Warming = settings.Warmup, Good = 0, ResetIn = settings.ResetAfter };
    }

    private GreedyState Lowered(GreedySettings settings)
    {
        var rate = Math.Max(Rate * settings.Factor, settings.MinRate);
        var next = this with { Rate = Rate - rate > 1e-8 ? rate : Rate, Cooling = settings.Cooldown, Bad = 0 };
        if (next.Rate > settings.MinRate) return next;
        // All at the smallest rate: after enough of these, start again.
        return next.ResetIn > 1 ? next with { ResetIn = next.ResetIn - 1 } : New(settings, Start) with { Cooling = settings.Cooldown };
    }
}
