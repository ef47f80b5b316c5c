using Tenon.Tensors.Linalg;

namespace Tenon.Evaluation.Spectra;

/// <summary>
/// The angles between two subspaces (Björck and Golub 1973; small ones from their sine, after Knyazev and Argentati 2002).
/// </summary>
public static class PrincipalAngles
{
    /// <summary>Angles in radians, ascending [k], between the spaces of two sets of k orthonormal columns of the same length.</summary>
    public static double[] Between(Matrix a, Matrix b)
    {
        var cross = a.TransposeTimes(b);
        var cosines = Svd.Values(cross);
        var sines = Svd.Values(b - (a * cross));
        Array.Reverse(sines);
        var angles = new double[cosines.Length];
        for (var i = 0; i < angles.Length; i++)
        {
            angles[i] = cosines[i] * cosines[i] >= 0.5
                ? ExactMath.Asin(Math.Clamp(sines[i], 0, 1))
                : ExactMath.Acos(Math.Clamp(cosines[i], -1, 1));
        }

        Array.Sort(angles);
        return angles;
    }
}
