using Tenon.Tensors.Linalg;

namespace Tenon.Evaluation.Spectra;

/// <summary>
/// What is known of a weight's decomposition W = U diag(S) Vᵀ: all of its r = min(m, n) triplets, or the first ones with a stated error.
/// </summary>
/// <param name="Svd">The triplets that are known, largest first.</param>
/// <param name="Directions">r.</param>
public sealed record WeightSpectrum(Svd Svd, int Directions)
{
    /// <summary>True where all triplets are known.</summary>
    public bool IsWhole => Svd.S.Length == Directions;

    /// <summary>W has a singular value that near to each known one (<see cref="PartialSvd.Residuals"/>); 0 where all are known.</summary>
    public double ValueError { get; init; }

    /// <summary>A bound of what the known directions leave out (<see cref="PartialSvd.RangeError"/>); 0 where all are known.</summary>
    public double RangeError { get; init; }

    /// <summary>Seed of the random start where not all triplets are known.</summary>
    public ulong Seed { get; init; }

    /// <summary>Decomposes a matrix whole, or to its first <paramref name="top"/> triplets.</summary>
    public static WeightSpectrum Of(Matrix w, int? top = null, ulong seed = 0)
    {
        if (top is not { } k) return Whole(Svd.Of(w));
        var found = PartialSvd.Of(w, k, new PartialSvdSettings { Seed = seed });
        return new(found.Triplets, Math.Min(w.Rows, w.Columns))
        {
            ValueError = found.Residuals.Max(), RangeError = found.RangeError, Seed = seed,
        };
    }

    /// <summary>A whole decomposition.</summary>
    public static WeightSpectrum Whole(Svd svd) => new(svd, svd.S.Length);
}
