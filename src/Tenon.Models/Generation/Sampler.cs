using Tenon.Tensors.Ops;

namespace Tenon.Models.Generation;

/// <summary>A chosen token.</summary>
/// <param name="Id">Its id.</param>
/// <param name="LogProbability">Under the distribution that was sampled from.</param>
/// <param name="FullLogProbability">Under the full distribution at the same temperature: what the trainer computes, bit for bit.</param>
public readonly record struct SampledToken(int Id, float LogProbability, float FullLogProbability);

/// <summary>
/// From one row of logits to a distribution and a token. Warpers work on the float32 row in place; probabilities, cumulative sums and the
/// draw are float64 in
/// vocabulary order, so the choice is a pure function of the row and the uniform number.
/// </summary>
public static class Sampler
{
    /// <summary>Chooses a token by a uniform number in [0, 1). The row is overwritten.</summary>
    /// <param name="logits">One row of logits, overwritten.</param>
    /// <param name="previous">Tokens of the sequence so far (read by the repetition penalty).</param>
    /// <param name="settings">How to choose.</param>
    /// <param name="uniform">The random number; not read at temperature 0.</param>
    public static SampledToken Sample(Span<float> logits, ReadOnlySpan<int> previous, SamplingSettings settings, double uniform)
    {
        if (settings.IsFull)
        {
            var id = LogitSampling.Draw(logits, 1 / settings.Temperature, uniform, out var logp);
            return new SampledToken(id, logp, logp);
        }

        Penalize(logits, previous, settings.RepetitionPenalty);
        var greedy = settings.Temperature == 0;
        var inverse = greedy ? 1 : 1 / settings.Temperature;
        if (greedy)
        {
            var best = ArgMax(logits);
            var full = LogitSampling.LogProbability(logits, 1, best);
            return new SampledToken(best, full, full);
        }

        var copy = logits.ToArray();
        Warp(copy, settings);
        var probabilities = Softmax(copy);
        var chosen = Draw(probabilities, uniform);
        var fullLogp = LogitSampling.LogProbability(logits, inverse, chosen);
        return new SampledToken(chosen, (float)ExactMath.Log(probabilities[chosen]), fullLogp);
    }

    /// <summary>The distribution that <see cref="Sample"/> draws from, blocked tokens exactly 0. The row is overwritten.</summary>
    public static double[] Distribution(Span<float> logits, ReadOnlySpan<int> previous, SamplingSettings settings)
    {
        Penalize(logits, previous, settings.RepetitionPenalty);
        Warp(logits, settings);
        return Softmax(logits);
    }

    private static int ArgMax(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
            if (logits[i] > logits[best]) best = i;
        return best;
    }

    private static void Penalize(Span<float> logits, ReadOnlySpan<int> previous, double penalty)
    {
        if (penalty == 1) return;
        var seen = new HashSet<int>();
        foreach (var id in previous)
            if ((uint)id < (uint)logits.Length && seen.Add(id))
                logits[id] = (float)(logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty);
    }

    private static void Warp(Span<float> logits, SamplingSettings settings)
    {
        if (settings.Temperature != 1 && settings.Temperature > 0)
            for (var i = 0; i < logits.Length; i++) logits[i] = (float)(logits[i] / settings.Temperature);
        if (settings.TopK > 0 && settings.TopK < logits.Length) TopK(logits, settings.TopK);
        if (settings.TopP < 1) TopP(logits, settings.TopP);
        if (settings.MinP > 0) MinP(logits, settings.MinP);
    }

    private static void TopK(Span<float> logits, int k)
    {
        var sorted = logits.ToArray();
        Array.Sort(sorted);
        var smallest = sorted[^k];
        foreach (ref var z in logits)
            if (z < smallest) z = float.NegativeInfinity;
    }

    /// <summary>Sorted upwards, tokens whose cumulative mass is at most 1 - p go; the best one stays.</summary>
    private static void TopP(Span<float> logits, double p)
    {
        var probabilities = Softmax(logits);
        var order = new int[logits.Length];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(order, (a, b) => probabilities[a] != probabilities[b] ? probabilities[a].CompareTo(probabilities[b]) : b.CompareTo(a));
        var mass = 0.0;
        for (var i = 0; i < order.Length - 1; i++)
        {
            mass += probabilities[order[i]];
            if (mass > 1 - p) break;
            logits[order[i]] = float.NegativeInfinity;
        }
    }

    private static void MinP(Span<float> logits, double minP)
    {
        var probabilities = Softmax(logits);
        var largest = probabilities.Max();
        for (var i = 0; i < logits.Length; i++)
            if (probabilities[i] < minP * largest) logits[i] = float.NegativeInfinity;
    }

    private static double[] Softmax(ReadOnlySpan<float> logits)
    {
        var max = float.NegativeInfinity;
        foreach (var z in logits)
            if (z > max) max = z;
        var result = new double[logits.Length];
        var sum = 0.0;
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = float.IsNegativeInfinity(logits[i]) ? 0 : ExactMath.Exp((double)logits[i] - max);
            sum += result[i];
        }

        for (var i = 0; i < result.Length; i++) result[i] /= sum;
        return result;
    }

    private static int Draw(double[] probabilities, double uniform)
    {
        var mass = 0.0;
        var last = 0;
        for (var i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] == 0) continue;
            mass += probabilities[i];
            last = i;
            if (uniform < mass) return i;
        }

        return last;
    }
}
