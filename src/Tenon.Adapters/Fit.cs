using Tenon.Models.Config;

namespace Tenon.Adapters;

/// <summary>Block, vector and group sizes that fit all adapted layers: what a recipe gets where it names none.</summary>
internal static class Fit
{
    /// <summary>
    /// The largest number up to <paramref name="most"/> that divides all sizes (and is a multiple of <paramref name="multipleOf"/>); 0
    /// where there is none.
    /// </summary>
    public static int Divisor(IEnumerable<long> sizes, long most, int multipleOf = 1)
    {
        var common = sizes.Aggregate(0L, Gcd);
        for (var d = Math.Min(most, common); d >= 1; d--)
            if (common % d == 0 && d % multipleOf == 0) return (int)d;
        return 0;
    }

    /// <summary>Output sizes of the adapted layers.</summary>
    public static IEnumerable<long> Outputs(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings).Select(s => s.Outputs);

    /// <summary>Input sizes of the adapted layers.</summary>
    public static IEnumerable<long> Inputs(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings).Select(s => s.Inputs);

    /// <summary>The rank of all layers, for methods that have one for the whole adapter; patterns of ranks are refused.</summary>
    public static int Rank(AdapterSettings settings, int least = 1)
    {
        if (settings.RankPattern.Count > 0)
            throw new TenonException($"rank-pattern of method '{settings.Method}'", "none: all its layers have one rank",
                string.Join(", ", settings.RankPattern.Keys), usage: true);
        return settings.CommonRank >= least ? settings.CommonRank
            : throw new TenonException($"rank of method '{settings.Method}'", least == 1 ? "a positive integer"
            : $"an integer of {least} or more", $"{settings.CommonRank}", usage: true);
    }

    /// <summary>The rank of one layer, for methods whose layers may differ in it.</summary>
    public static int Rank(AdapterSettings settings, string path) => settings.RankOf(path) is var rank && rank >= 1 ? rank
        : throw new TenonException($"rank of '{path}'", "a positive integer", $"{rank}", usage: true);

    private static long Gcd(long a, long b)
    {
        while (b != 0) (a, b) = (b, a % b);
        return a;
    }
}
