namespace Tenon.Evaluation.Spectra;

/// <summary>What one weight's update looks like at one step: the line of <c>tenon spectra --json</c>.</summary>
public sealed record ModuleSpectrum
{
    // What lies below this share of the largest value is rounding of float32 weights.
    private const double Noise = 1e-6;

    /// <summary>The layer's path.</summary>
    public required string Module { get; init; }

    /// <summary>The run's step; null for an adapter alone.</summary>
    public int? Step { get; init; }

    /// <summary>Outputs.</summary>
    public required int Rows { get; init; }

    /// <summary>Inputs.</summary>
    public required int Columns { get; init; }

    /// <summary>True for a norm's weight, which is the diagonal matrix that it multiplies with.</summary>
    public bool IsNorm { get; init; }

    /// <summary>|dW|_F.</summary>
    public required double UpdateNorm { get; init; }

    /// <summary>|W|_F.</summary>
    public required double WeightNorm { get; init; }

    /// <summary>Of dW.</summary>
    public required double StableRank { get; init; }

    /// <summary>Of dW; NaN where not all of its singular values are known.</summary>
    public required double EffectiveRank { get; init; }

    /// <summary>Singular values of dW above 1e-6 of its largest; null where not all are known.</summary>
    public int? Rank { get; init; }

    /// <summary>Shares of |dW v_j|² over tenths of the base's right directions, largest first; NaN where not all are known.</summary>
    public required double[] Energy { get; init; }

    /// <summary>The same of |u_jᵀ dW|² over the left directions.</summary>
    public required double[] LeftEnergy { get; init; }

    /// <summary>The share of the first half of the right directions.</summary>
    public required double PrincipalHalf { get; init; }

    /// <summary>|S' - S| / |S|: how far the spectrum itself moved.</summary>
    public required double Shift { get; init; }

    /// <summary>Cosine between W and W'.</summary>
    public required double Cosine { get; init; }

    /// <summary>Share of entries with |dW| at most 1e-5.</summary>
    public required double Sparsity { get; init; }

    /// <summary>Share of entries that bfloat16 does not tell apart.</summary>
    public required double SameInBf16 { get; init; }

    /// <summary>The largest singular value of W.</summary>
    public double LargestBefore { get; init; }

    /// <summary>The largest singular value of W'.</summary>
    public double LargestAfter { get; init; }

    /// <summary>
    /// Principal angles between the first directions of W and W', left and right, radians ascending; empty where not asked for.
    /// </summary>
    public (double[] Left, double[] Right) Angles { get; init; } = ([], []);

    /// <summary>The order of the angles' error; 0 where they are exact.</summary>
    public double AngleError { get; init; }

    /// <summary>Directions of W, min(m, n).</summary>
    public int Directions { get; init; }

    /// <summary>How many of them, the first, are known; all where W was decomposed whole.</summary>
    public int Known { get; init; }

    /// <summary>A true singular value lies that near to each one of W and W'; 0 where all are known.</summary>
    public double ValueError { get; init; }

    /// <summary>A bound of what of W lies outside of the known directions (spectral norm); 0 where all are known.</summary>
    public double RangeError { get; init; }

    /// <summary>Singular values and all that belongs to them, where asked for.</summary>
    public SpectrumDetails? Details { get; init; }

    /// <summary>|dW|_F / |W|_F; 0 where W is zero.</summary>
    public double Relative => WeightNorm == 0 ? 0 : UpdateNorm / WeightNorm;

    /// <summary>The largest of the angles, radians; NaN where none were asked for.</summary>
    public double LargestAngle => Angles.Left.Length == 0 ? double.NaN : Math.Max(Angles.Left[^1], Angles.Right[^1]);

    /// <summary>Takes the measures of a matrix's spectrum.</summary>
    public static ModuleSpectrum Of(string module, int? step, UpdateSpectrum spectrum, (int Rows, int Columns) shape,
        SpectraSettings settings)
    {
        var (known, all) = (spectrum.Before.Length, spectrum.Weight.Directions);
        var k = Math.Min(settings.Angles, known);
        var (left, right, error) = (k, settings.Decomposition) switch
        {
            (0, _) => ([], [], 0.0),
            (_, Decomposition.Exact) => (spectrum.LeftAngles(k), spectrum.RightAngles(k), 0.0),
            _ => spectrum.TopAngles(k),
        };
        return new()
        {
            Module = module, Step = step, Rows = shape.Rows, Columns = shape.Columns,
            UpdateNorm = spectrum.UpdateNorm, WeightNorm = spectrum.WeightNorm,
            StableRank = spectrum.StableRank, EffectiveRank = spectrum.EffectiveRank,
            Rank = spectrum.UpdateIsWhole ? RankOf(spectrum.Update) : null,
            Energy = SpectrumMeasures.Tenths(spectrum.RightEnergy, all), LeftEnergy = SpectrumMeasures.Tenths(spectrum.LeftEnergy, all),
            PrincipalHalf = SpectrumMeasures.PrincipalHalf(spectrum.RightEnergy, all),
            Shift = spectrum.NormalizedSpectralShift, Cosine = spectrum.Cosine,
            Sparsity = spectrum.Sparsity.Below1e5, SameInBf16 = spectrum.Sparsity.SameInBf16,
            LargestBefore = First(spectrum.Before), LargestAfter = First(spectrum.After),
            Angles = (left, right), AngleError = error, Directions = all, Known = known,
            ValueError = Math.Max(spectrum.Weight.ValueError, spectrum.AfterError), RangeError = spectrum.Weight.RangeError,
            Details = settings.Values ? SpectrumDetails.Of(spectrum) : null,
        };
    }

    /// <summary>
    /// Takes the measures of a norm's weights before and after, as the diagonal matrices that they are: the singular values are their
    /// sizes, the directions their coordinates, the largest weight first; entries are those of the diagonal.
    /// </summary>
    public static ModuleSpectrum OfNorm(string module, int? step, ReadOnlySpan<double> before, ReadOnlySpan<double> after,
        SpectraSettings settings)
    {
        var n = before.Length;
        var (w, dw) = (Tensors.Linalg.Matrix.From(before, n, 1), new Tensors.Linalg.Matrix(n, 1));
        for (var i = 0; i < n; i++) dw.Values[i] = after[i] - before[i];
        int[] order = Order(before), turned = Order(after);
        double[] s = Sizes(before), moved = Sizes(after), update = Sizes(dw.Values);
        var (size, norm) = (dw.FrobeniusNorm(), w.FrobeniusNorm());
        var energies = new double[n];
        for (var j = 0; j < n && size > 0; j++) energies[j] = dw.Values[order[j]] / size * (dw.Values[order[j]] / size);
        var tenths = SpectrumMeasures.Tenths(energies);
        var (shift, inner) = (0.0, 0.0);
        for (var i = 0; i < n; i++)
        {
            shift += (moved[i] - s[i]) * (moved[i] - s[i]);
            inner += before[i] * after[i];
        }

        // Equal coordinates make an angle of 0, others are at right angles.
        var k = Math.Min(settings.Angles, n);
        var common = order[..k].Intersect(turned[..k]).Count();
        double[] angles = [.. Enumerable.Range(0, k).Select(i => i < common ? 0 : Math.PI / 2)];
        var (sparsity, to) = (UpdateSparsity.Of(w, dw), (w + dw).FrobeniusNorm());
        return new()
        {
            Module = module, Step = step, Rows = n, Columns = n, IsNorm = true, UpdateNorm = size, WeightNorm = norm,
            StableRank = SpectrumMeasures.StableRank(update), EffectiveRank = SpectrumMeasures.EffectiveRank(update),
            Rank = RankOf(update), Energy = tenths, LeftEnergy = tenths, PrincipalHalf = SpectrumMeasures.PrincipalHalf(energies),
            Shift = norm == 0 ? 0 : Math.Sqrt(shift) / norm, Cosine = norm == 0 || to == 0 ? 0 : inner / norm / to,
            Sparsity = sparsity.Below1e5, SameInBf16 = sparsity.SameInBf16, LargestBefore = First(s), LargestAfter = First(moved),
            Angles = (angles, angles), Directions = n, Known = n,
            Details = settings.Values ? new SpectrumDetails { Before = s, After = moved, Update = update } : null,
        };
    }

    private static int RankOf(double[] values) => values.Count(s => s > Noise * values[0]);

    private static double First(double[] values) => values.Length == 0 ? 0 : values[0];

    private static int[] Order(ReadOnlySpan<double> values)
    {
        var copy = values.ToArray();
        return [.. Enumerable.Range(0, copy.Length).OrderByDescending(i => Math.Abs(copy[i]))];
    }

    private static double[] Sizes(ReadOnlySpan<double> values) => [.. values.ToArray().Select(Math.Abs).OrderDescending()];
}
