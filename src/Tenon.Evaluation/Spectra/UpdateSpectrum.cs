using Tenon.Tensors.Linalg;

namespace Tenon.Evaluation.Spectra;

/// <summary>
/// Where an update dW = W' - W lies in the spectrum of its weight W = U diag(S) Vᵀ (economy size, r = min(m, n)): how much of it each singular direction takes, how far the top subspaces
/// turn, how low its rank is, how much of W it leaves alone.
/// </summary>
public sealed record UpdateSpectrum
{
    private readonly Svd _before;
    private readonly Svd _after;
    private readonly Matrix _update;
    private readonly double _size;

    private UpdateSpectrum(Matrix w, Matrix dw)
    {
        var after = w + dw;
        (_before, _after, _update) = (Svd.Of(w), Svd.Of(after), dw);
        _size = dw.FrobeniusNorm();
        Update = Svd.Values(dw);
        (RightEnergy, RightTotalShare) = Energies(dw.TimesTranspose(_before.Vt).Transposed());
        (LeftEnergy, LeftTotalShare) = Energies(_before.U.TransposeTimes(dw));
        Mass = SpectrumMeasures.Mass(Before);
        var (from, to) = (w.FrobeniusNorm(), after.FrobeniusNorm());
        RelativeFrobenius = from == 0 ? 0 : _size / from;
        Cosine = from == 0 || to == 0 ? 0 : Inner(w, after) / from / to;
        var (moved, all) = (0.0, 0.0);
        for (var i = 0; i < Before.Length; i++)
        {
            moved += (After[i] - Before[i]) * (After[i] - Before[i]);
            all += Before[i] * Before[i];
        }

        NormalizedSpectralShift = all == 0 ? 0 : Math.Sqrt(moved) / Math.Sqrt(all);
        Sparsity = UpdateSparsity.Of(w, dw);
    }

    /// <summary>Singular values of W, descending [r].</summary>
    public double[] Before => _before.S;

    /// <summary>Singular values of W', descending [r].</summary>
    public double[] After => _after.S;

    /// <summary>Singular values of dW, descending [r].</summary>
    public double[] Update { get; }

    /// <summary>|S' - S| / |S|.</summary>
    public double NormalizedSpectralShift { get; }

    /// <summary>e_j: |dW v_j|² divided by the sum over j [r].</summary>
    public double[] RightEnergy { get; }

    /// <summary>f_j: |u_jᵀ dW|² divided by the sum over j [r].</summary>
    public double[] LeftEnergy { get; }

    /// <summary>What the right directions hold of |dW|²; below 1 where W is wide.</summary>
    public double RightTotalShare { get; }

    /// <summary>What the left directions hold of |dW|²; below 1 where W is tall.</summary>
    public double LeftTotalShare { get; }

    /// <summary>S_j² / sum S² [r].</summary>
    public double[] Mass { get; }

    /// <summary>|dW|_F / |W|_F.</summary>
    public double RelativeFrobenius { get; }

    /// <summary>The cosine between W and W' as vectors.</summary>
    public double Cosine { get; }

    /// <summary>What dW leaves alone.</summary>
    public UpdateSparsity Sparsity { get; }

    /// <summary>All measures of an update [m, n] of a weight [m, n]; the cost is that of three singular value decompositions.</summary>
    public static UpdateSpectrum Of(Matrix w, Matrix dw) => new(w, dw);

    /// <summary>Energies over the mass that W has there: e_j / mass_j, 0 where both are zero.</summary>
    public double[] Ratio(double[] energy) => [.. energy.Zip(Mass, (e, m) => e == 0 && m == 0 ? 0 : e / m)];

    /// <summary>Angles between the spaces of the k first left singular vectors of W and W', ascending, radians.</summary>
    public double[] LeftAngles(int k) => PrincipalAngles.Between(_before.U.ColumnRange(0, k), _after.U.ColumnRange(0, k));

    /// <summary>Angles between the spaces of the k first right singular vectors of W and W', ascending, radians.</summary>
    public double[] RightAngles(int k) => PrincipalAngles.Between(_before.Vt.RowRange(0, k).Transposed(), _after.Vt.RowRange(0, k).Transposed());

    /// <summary>What of |dW|² lies in W's k first directions: on both sides (U_kᵀ dW V_k), on the left, on the right.</summary>
    public (double TwoSided, double Left, double Right) TopShare(int k)
    {
        var left = _before.U.ColumnRange(0, k).TransposeTimes(_update);
        var right = _before.Vt.RowRange(0, k);
        return (Share(left.TimesTranspose(right)), Share(left), Share(_update.TimesTranspose(right)));
    }

    private static double Inner(Matrix a, Matrix b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Values.Length; i++) sum = Math.FusedMultiplyAdd(a.Values[i], b.Values[i], sum);
        return sum;
    }

    private double Share(Matrix part)
    {
        var ratio = _size == 0 ? 0 : part.FrobeniusNorm() / _size;
        return ratio * ratio;
    }

    /// <summary>Energies of the rows of a projected update, divided by their sum, and that sum's share of the whole.</summary>
    private (double[] Energies, double TotalShare) Energies(Matrix projected)
    {
        var energies = new double[projected.Rows];
        for (var j = 0; j < energies.Length; j++)
        {
            if (_size == 0) continue;
            foreach (var x in projected.Row(j)) energies[j] += x / _size * (x / _size);
        }

        return (SpectrumMeasures.Share(energies), energies.Sum());
    }
}
