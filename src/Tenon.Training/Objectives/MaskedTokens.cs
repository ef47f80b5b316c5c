namespace Tenon.Training.Objectives;

/// <summary>The tokens of a step while its masks are laid over them, one after another.</summary>
internal sealed class MaskedTokens
{
    private readonly PolicyWindow _window;

    public MaskedTokens(PolicyWindow window)
    {
        (_window, Counted) = (window, new bool[window.Mask.Length]);
        Array.Fill(Counted, true);
    }

    /// <summary>Factor of each token's policy term; null while nothing has been rejected or weighed.</summary>
    public double[]? Weights { get; private set; }

    /// <summary>Tokens that no mask has rejected: those that count in the denominators where rejected ones are removed.</summary>
    public bool[] Counted { get; }

    /// <summary>Rejects all tokens that are not kept; how many loss tokens that costs which no mask before has rejected.</summary>
    public int Reject(bool[] kept)
    {
        var (weights, count) = (Own(), 0);
        for (var t = 0; t < kept.Length; t++)
        {
            if (kept[t]) continue;
            if (_window.Mask[t] && Counted[t]) count++;
            (weights[t], Counted[t]) = (0, false);
        }
        return count;
    }

    /// <summary>Multiplies the factors.</summary>
    public void Weigh(double[] ratios)
    {
        var weights = Own();
        for (var t = 0; t < weights.Length; t++) weights[t] *= ratios[t];
    }

    /// <summary>Takes tokens out of the policy term that count in its denominators all the same.</summary>
    public void TakeOut(bool[] picked)
    {
        var weights = Own();
        for (var t = 0; t < weights.Length; t++)
            if (picked[t])
                weights[t] = 0;
    }

    private double[] Own()
    {
        if (Weights is not null) return Weights;
        Weights = new double[_window.Mask.Length];
        Array.Fill(Weights, 1.0);
        return Weights;
    }
}
