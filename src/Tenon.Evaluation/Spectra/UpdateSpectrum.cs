using Tenon.Tensors.Linalg;

namespace Tenon.Evaluation.Spectra;

/// <summary>
/// Where an update dW = W' - W lies in the spectrum of its weight W = U diag(S) Vᵀ (economy size, r = min(m, n)): how much of it each
/// singular direction takes, how far the top subspaces turn, how low its rank is, how much of W it leaves alone. Where only the first k
/// triplets of W are known, arrays over directions have k places.
/// </summary>
public sealed record UpdateSpectrum
{
    private const int MostRounds = 12;
    private const double StandsStill = 1e-6;
    private readonly WeightSpectrum _before;
    private readonly Lazy<Svd> _after;
    private readonly Matrix _update;
    private readonly Matrix _changed;
    private readonly double _size;

    /// <summary>
    /// From the update itself, its singular values, and the norms' rows |dW v_j| and |u_jᵀ dW| as matrices with a row a direction.
    /// </summary>
    private UpdateSpectrum(Matrix w, Matrix dw, WeightSpectrum before, double[] update, Matrix right, Matrix left)
    {
        var after = w + dw;
        (_before, _update, _changed, Update) = (before, dw, after, update);
        if (before.IsWhole)
        {
            _after = new(() => Svd.Of(after));
            After = Svd.Values(after);
        }
        else
        {
            var found = WeightSpectrum.Of(after, before.Svd.S.Length, before.Seed);
            _after = new(() => found.Svd);
            (After, AfterError) = (found.Svd.S, found.ValueError);
        }

        _size = dw.FrobeniusNorm();
        (RightEnergy, RightTotalShare) = Energies(right);
        (LeftEnergy, LeftTotalShare) = Energies(left);
        var (from, to) = (w.FrobeniusNorm(), after.FrobeniusNorm());
        WeightNorm = from;
        Mass = before.IsWhole ? SpectrumMeasures.Mass(Before) : [.. Before.Select(s => from == 0 ? 0 : s / from * (s / from))];
        RelativeFrobenius = from == 0 ? 0 : _size / from;
        Cosine = from == 0 || to == 0 ? 0 : CosineOf(w, from, after, to);
        var (moved, all, unit) = (0.0, 0.0, Before.Length == 0 || Before[0] == 0 ? 1 : Before[0]);
        for (var i = 0; i < Before.Length; i++)
        {
            var (step, size) = ((After[i] - Before[i]) / unit, Before[i] / unit);
            moved += step * step;
            all += size * size;
        }

        NormalizedSpectralShift = all == 0 ? 0 : Math.Sqrt(moved) / Math.Sqrt(all);
        Sparsity = UpdateSparsity.Of(w, dw);
    }

    /// <summary>What is known of W.</summary>
    public WeightSpectrum Weight => _before;

    /// <summary>Known singular values of W, descending.</summary>
    public double[] Before => _before.Svd.S;

    /// <summary>As many singular values of W', descending.</summary>
    public double[] After { get; }

    /// <summary>How near to each value of W' a true one lies; 0 where all are known.</summary>
    public double AfterError { get; }

    /// <summary>
    /// Singular values of dW, descending: all r of them, or only the first where W's are not all known and dW has no factors.
    /// </summary>
    public double[] Update { get; }

    /// <summary>True where <see cref="Update"/> holds all singular values of dW.</summary>
    public bool UpdateIsWhole => Update.Length == _before.Directions;

    /// <summary>|dW|_F² / |dW|_2²; 0 for an update of zeros.</summary>
    public double StableRank => UpdateIsWhole ? SpectrumMeasures.StableRank(Update)
        : Update[0] == 0 ? 0 : _size / Update[0] * (_size / Update[0]);

    /// <summary>Of dW; NaN where its values are not all known.</summary>
    public double EffectiveRank => UpdateIsWhole ? SpectrumMeasures.EffectiveRank(Update) : double.NaN;

    /// <summary>|S' - S| / |S| over the known values.</summary>
    public double NormalizedSpectralShift { get; }

    /// <summary>
    /// e_j: |dW v_j|² divided by the sum over j [r]; divided by |dW|_F² where only the first directions are known.
    /// </summary>
    public double[] RightEnergy { get; }

    /// <summary>f_j: |u_jᵀ dW|², in the same way.</summary>
    public double[] LeftEnergy { get; }

    /// <summary>What the known right directions hold of |dW|²; below 1 where W is wide.</summary>
    public double RightTotalShare { get; }

    /// <summary>What the known left directions hold of |dW|²; below 1 where W is tall.</summary>
    public double LeftTotalShare { get; }

    /// <summary>S_j² / sum S², the sum over all values.</summary>
    public double[] Mass { get; }

    /// <summary>|dW|_F / |W|_F.</summary>
    public double RelativeFrobenius { get; }

    /// <summary>The cosine between W and W' as vectors.</summary>
    public double Cosine { get; }

    /// <summary>What dW leaves alone.</summary>
    public UpdateSparsity Sparsity { get; }

    /// <summary>|dW|_F.</summary>
    public double UpdateNorm => _size;

    /// <summary>|W|_F.</summary>
    public double WeightNorm { get; }

    /// <summary>
    /// All measures of an update [m, n] of a weight [m, n]: the singular values of three matrices, and W's vectors unless
    /// <paramref name="before"/> has them; vectors of W' only where angles are asked for.
    /// </summary>
    public static UpdateSpectrum Of(Matrix w, Matrix dw, WeightSpectrum? before = null)
    {
        before ??= WeightSpectrum.Of(w);
        var update = before.IsWhole ? Svd.Values(dw) : PartialSvd.Of(dw, 1).Triplets.S;
        return new(w, dw, before, update, before.Svd.Vt.TimesTranspose(dw), before.Svd.U.TransposeTimes(dw));
    }

    /// <summary>
    /// The same of an update B A of low rank k, B [m, k], A [k, n], without a decomposition of dW: with B = Q R and Aᵀ = P T its singular
    /// values are those of R Tᵀ, |dW v| is |R A v| and |uᵀ dW| is |uᵀ B Tᵀ|.
    /// </summary>
    public static UpdateSpectrum OfFactors(Matrix w, Matrix b, Matrix a, WeightSpectrum? before = null)
    {
        before ??= WeightSpectrum.Of(w);
        var (r, t) = (QrFactors.Of(b).R, QrFactors.Of(a.Transposed()).R);
        var update = new double[Math.Min(w.Rows, w.Columns)];
        var values = Svd.Values(r.TimesTranspose(t));
        values.AsSpan(0, Math.Min(values.Length, update.Length)).CopyTo(update);
        return new(w, b * a, before, update, before.Svd.Vt.TimesTranspose(r * a), before.Svd.U.TransposeTimes(b).TimesTranspose(t));
    }

    /// <summary>Energies over the mass that W has there: e_j / mass_j, 0 where both are zero.</summary>
    public double[] Ratio(double[] energy) => [.. energy.Zip(Mass, (e, m) => e == 0 && m == 0 ? 0 : e / m)];

    /// <summary>Angles between the spaces of the k first left singular vectors of W and W', ascending, radians.</summary>
    public double[] LeftAngles(int k) => PrincipalAngles.Between(_before.Svd.U.ColumnRange(0, k), _after.Value.U.ColumnRange(0, k));

    /// <summary>Angles between the spaces of the k first right singular vectors of W and W', ascending, radians.</summary>
    public double[] RightAngles(int k) =>
        PrincipalAngles.Between(_before.Svd.Vt.RowRange(0, k).Transposed(), _after.Value.Vt.RowRange(0, k).Transposed());

    /// <summary>
    /// The same angles, left and right, without decomposing W': W's own k first directions and some more are turned towards those of W' by
    /// orthogonal iteration until the angles stand still. <c>Moved</c> is how much the largest still moved in the last round, the error's
    /// order.
    /// </summary>
    public (double[] Left, double[] Right, double Moved) TopAngles(int k)
    {
        var width = Math.Min(Before.Length, k + Math.Max(8, k));
        var (left, right) = (_before.Svd.U.ColumnRange(0, k), _before.Svd.Vt.RowRange(0, k).Transposed());
        var space = _before.Svd.Vt.RowRange(0, width).Transposed();
        var (angles, moved) = ((Left: new double[k], Right: new double[k]), double.PositiveInfinity);
        for (var round = 0; round < MostRounds && moved > StandsStill; round++)
        {
            for (var i = 0; i < 4; i++) space = QrFactors.Of(_changed.TransposeTimes(QrFactors.Of(_changed * space).Q)).Q;

            // The best k directions within the space: those of W' restricted to it.
            var inner = Svd.Of(_changed * space);
            var found = (Left: PrincipalAngles.Between(left, inner.U.ColumnRange(0, k)),
                Right: PrincipalAngles.Between(right, space.TimesTranspose(inner.Vt.RowRange(0, k))));
            moved = Math.Max(Math.Abs(found.Left[^1] - angles.Left[^1]), Math.Abs(found.Right[^1] - angles.Right[^1]));
            angles = found;
        }

        return (angles.Left, angles.Right, moved);
    }

    /// <summary>What of |dW|² lies in W's k first directions: on both sides (U_kᵀ dW V_k), on the left, on the right.</summary>
    public (double TwoSided, double Left, double Right) TopShare(int k)
    {
        var left = _before.Svd.U.ColumnRange(0, k).TransposeTimes(_update);
        var right = _before.Svd.Vt.RowRange(0, k);
        return (Share(left.TimesTranspose(right)), Share(left), Share(_update.TimesTranspose(right)));
    }

    private static double CosineOf(Matrix a, double sizeOfA, Matrix b, double sizeOfB)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Values.Length; i++)
            sum = Math.FusedMultiplyAdd(a.Values[i] / sizeOfA, b.Values[i] / sizeOfB, sum);
        return sum;
    }

    private double Share(Matrix part)
    {
        var ratio = _size == 0 ? 0 : part.FrobeniusNorm() / _size;
        return ratio * ratio;
    }

    /// <summary>Energies of the rows of a projected update as shares, and the sum's share of the whole.</summary>
    private (double[] Energies, double TotalShare) Energies(Matrix projected)
    {
        var energies = new double[projected.Rows];
        for (var j = 0; j < energies.Length; j++)
        {
            if (_size == 0) continue;
            foreach (var x in projected.Row(j)) energies[j] += x / _size * (x / _size);
        }

        return (_before.IsWhole ? SpectrumMeasures.Share(energies) : energies, energies.Sum());
    }
}
