using Tenon.Rewards;

namespace Tenon.Rollouts.Data;

/// <summary>What a run has seen of one prompt, as it counted at a step.</summary>
/// <param name="Right">Right completions, older ones counting less.</param>
/// <param name="Judged">Judged completions, counted so too.</param>
/// <param name="Step">The step that it counted at.</param>
public readonly record struct PromptRate(double Right, double Judged, int Step);

/// <summary>Decides by what a run remembers of a prompt whether a draw of it is taken (<see cref="MemorySettings"/>).</summary>
/// <param name="settings">What is passed over and preferred.</param>
/// <param name="seed">The run's seed.</param>
/// <param name="step">The step that draws.</param>
/// <param name="before">What the step before has left, by problem id.</param>
public sealed class PromptMemory(MemorySettings settings, ulong seed, int step, IReadOnlyDictionary<string, PromptRate> before)
{
    private readonly Dictionary<string, PromptRate> _rates = new(before, StringComparer.Ordinal);

    /// <summary>All that is remembered, by problem id in ordinal order.</summary>
    public IReadOnlyDictionary<string, PromptRate> Rates => new SortedDictionary<string, PromptRate>(_rates, StringComparer.Ordinal);

    /// <summary>The rate of a prompt as it counts in this step; null where it was never asked.</summary>
    public double? RateOf(string id) =>
        _rates.TryGetValue(id, out var seen) && Aged(seen) is var now ? (now.Right + 0.5) / (now.Judged + 1) : null;

    /// <summary>
    /// Why the run's <paramref name="cursor"/>th draw is passed over (the reason under which it is counted); null where it is taken.
    /// </summary>
    public string? Refuses(Problem problem, long cursor)
    {
        if (RateOf(problem.Id) is not { } rate) return null;
        if (rate >= settings.SkipSolved) return "solved";
        if (settings.PreferHalfSolved == 0) return null;
        var kept = 1 - settings.PreferHalfSolved * (1 - 4 * rate * (1 - rate));
        var drawn = new RandomKey(seed).UniformDouble(RandomPurpose.PromptMemory, 0, (uint)cursor, (uint)(cursor >> 32), 0);
        return drawn < kept ? null : "less-preferred";
    }

    /// <summary>Takes in how many completions of a problem were judged and right.</summary>
    public void Judged(Problem problem, int right, int judged)
    {
        if (judged == 0) return;
        var seen = _rates.TryGetValue(problem.Id, out var old) ? Aged(old) : new PromptRate(0, 0, step);
        _rates[problem.Id] = new PromptRate(seen.Right + right, seen.Judged + judged, step);
    }

    private PromptRate Aged(PromptRate rate)
    {
        var left = ExactMath.Pow(2, -(step - rate.Step) / settings.HalfLife);
        return new PromptRate(left * rate.Right, left * rate.Judged, step);
    }
}
