using System.Runtime.CompilerServices;

namespace Tenon.Tensors.Linalg;

/// <summary>Plane rotations and the singular values of 2 x 2 triangles, in the forms that LAPACK's dlartg, dlas2 and dlasv2 have.</summary>
internal static class PlaneRotation
{
    /// <summary>Half a unit in the last place of 1.</summary>
    public const double Epsilon = 1.1102230246251565e-16;

    private const double Smallest = 2.2250738585072014e-308;

    /// <summary>c, s and r with c f + s g = r, c g - s f = 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (double C, double S, double R) Of(double f, double g)
    {
        const double Low = 1e-150;
        const double High = 1e150;
        if (g == 0) return (1, 0, f);
        if (f == 0) return (0, Math.CopySign(1, g), Math.Abs(g));
        var (fa, ga) = (Math.Abs(f), Math.Abs(g));
        if (fa > Low && fa < High && ga > Low && ga < High)
        {
            var length = Math.Sqrt((f * f) + (g * g));
            var r = Math.CopySign(length, f);
            return (fa / length, g / r, r);
        }

        var scale = Math.Min(1 / Smallest, Math.Max(Smallest, Math.Max(fa, ga)));
        var (fs, gs) = (f / scale, g / scale);
        var scaled = Math.Sqrt((fs * fs) + (gs * gs));
        var signed = Math.CopySign(scaled, f);
        return (Math.Abs(fs) / scaled, gs / signed, signed * scale);
    }

    /// <summary>The smaller singular value of [f g; 0 h].</summary>
    public static double SmallerValue(double f, double g, double h)
    {
        var (fa, ga, ha) = (Math.Abs(f), Math.Abs(g), Math.Abs(h));
        var (small, large) = (Math.Min(fa, ha), Math.Max(fa, ha));
        if (small == 0) return 0;
        if (ga < large)
        {
            var (sum, difference, ratio) = (1 + (small / large), (large - small) / large, ga / large);
            var square = ratio * ratio;
            return small * (2 / (Math.Sqrt((sum * sum) + square) + Math.Sqrt((difference * difference) + square)));
        }

        var part = large / ga;
        if (part == 0) return small * large / ga;
        var (a, b) = ((1 + (small / large)) * part, (large - small) / large * part);
        var c = 1 / (Math.Sqrt(1 + (a * a)) + Math.Sqrt(1 + (b * b)));
        return 2 * (small * c * part);
    }

    /// <summary>
    /// [f g; 0 h] as rotations and values: [cl sl; -sl cl] [f g; 0 h] [cr -sr; sr cr] = diag(Large, Small), Large having the greater size.
    /// </summary>
    public static (double Large, double Small, double Sl, double Cl, double Sr, double Cr) Diagonalise(double f, double g, double h)
    {
        var (ft, ht, gt) = (f, h, g);
        var (fa, ha, ga) = (Math.Abs(f), Math.Abs(h), Math.Abs(g));
        var largest = 1;
        var swap = ha > fa;
        if (swap)
        {
            largest = 3;
            (ft, ht, fa, ha) = (ht, ft, ha, fa);
        }

        double small, large, cl, cr, sl, sr;
        if (ga == 0) (small, large, cl, cr, sl, sr) = (ha, fa, 1, 1, 0, 0);
        else
        {
            if (ga > fa) largest = 2;
            if (ga > fa && fa / ga < Epsilon)
            {
                (large, small) = (ga, ha > 1 ? fa / (ga / ha) : fa / ga * ha);
                (cl, sl, sr, cr) = (1, ht / gt, 1, ft / gt);
            }
            else
            {
                var d = fa - ha;
                var l = d == fa ? 1 : d / fa;
                var m = gt / ft;
                var t = 2 - l;
                var mm = m * m;
                var s = Math.Sqrt((t * t) + mm);
                var r = l == 0 ? Math.Abs(m) : Math.Sqrt((l * l) + mm);
                var a = 0.5 * (s + r);
                (small, large) = (ha / a, fa * a);
                if (mm != 0) t = ((m / (s + t)) + (m / (r + l))) * (1 + a);
                else if (l == 0) t = Math.CopySign(2, ft) * Math.CopySign(1, gt);
                else t = (gt / Math.CopySign(d, ft)) + (m / t);
                l = Math.Sqrt((t * t) + 4);
                (cr, sr) = (2 / l, t / l);
                (cl, sl) = ((cr + (sr * m)) / a, ht / ft * sr / a);
            }
        }

        if (swap) (cl, sl, cr, sr) = (sr, cr, sl, cl);
        var sign = largest switch
        {
            1 => Math.CopySign(1, cr) * Math.CopySign(1, cl) * Math.CopySign(1, f),
            2 => Math.CopySign(1, sr) * Math.CopySign(1, cl) * Math.CopySign(1, g),
            _ => Math.CopySign(1, sr) * Math.CopySign(1, sl) * Math.CopySign(1, h),
        };
        return (Math.CopySign(large, sign), Math.CopySign(small, sign * Math.CopySign(1, f) * Math.CopySign(1, h)), sl, cl, sr, cr);
    }
}
