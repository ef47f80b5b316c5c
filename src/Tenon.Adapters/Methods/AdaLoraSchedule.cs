namespace Tenon.Adapters.Methods;

/// <summary>
/// When AdaLoRA's budget falls: whole until <paramref name="Initial"/>, then down a cubic to the target, fixed for the last
/// <paramref name="Final"/> steps.
/// </summary>
/// <param name="Total">Optimizer steps of the run, T.</param>
/// <param name="Initial">Steps with the whole budget.</param>
/// <param name="Final">Steps at the end with the last mask.</param>
/// <param name="Every">Steps from mask to mask.</param>
internal sealed record AdaLoraSchedule(long Total, long Initial, long Final, long Every)
{
    /// <summary>What a schedule is written for while no run has been named.</summary>
    private const long Nominal = 1000;

    /// <summary>The schedule of the settings for a run of so many updates; 0 where none is known.</summary>
    public static AdaLoraSchedule Of(AdapterSettings settings, long updates)
    {
        long total = settings.OptionsAs<AdaLoraOptions>().TotalStep ?? (int)Math.Min(int.MaxValue, updates > 0 ? updates : Nominal);
        return new AdaLoraSchedule(total, (settings.OptionsAs<AdaLoraOptions>().Tinit ?? (int)(total / 10)),
            (settings.OptionsAs<AdaLoraOptions>().Tfinal ?? (int)(total / 4)),
            (settings.OptionsAs<AdaLoraOptions>().DeltaT ?? (int)Math.Max(1, total / 100)));
    }

    /// <summary>The mean rank that the budget ends at.</summary>
    public static int TargetRank(AdapterSettings settings) =>
        (settings.OptionsAs<AdaLoraOptions>().TargetRank ?? ((settings.CommonRank + 1) / 2));

    /// <summary>Throws where no step is left in which the budget could fall.</summary>
    public AdaLoraSchedule Require() => Initial < Total - Final ? this
        : throw new TenonException("adapter.tinit and adapter.tfinal", $"tinit below total-step - tfinal ({Total} - {Final})",
        $"tinit {Initial}", "the schedule has no budgeting phase: decrease tinit or tfinal, or train longer", usage: true);

    /// <summary>Triplets that may stay after step t, and whether a mask is due.</summary>
    public (long Budget, bool Mask) At(long t, long whole, long target)
    {
        if (t <= Initial) return (whole, false);
        if (t > Total - Final) return (target, true);
        var left = 1 - (double)(t - Initial) / (Total - Final - Initial);
        return ((long)((whole - target) * (left * left * left) + target), t % Every == 0);
    }
}
