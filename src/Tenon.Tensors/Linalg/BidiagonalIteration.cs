using System.Runtime.CompilerServices;
using Tenon.Tensors.Linalg.Kernels;

namespace Tenon.Tensors.Linalg;

/// <summary>
/// The singular values of an upper bidiagonal matrix by implicit-shift QR sweeps, with zero-shift sweeps where small values need them
/// (Demmel and Kahan 1990, as in LAPACK's dbdsqr). The
/// sweeps' rotations also turn the rows of Uᵀ and Vᵀ.
/// </summary>
internal sealed class BidiagonalIteration(double[] d, double[] e, Matrix? ut, Matrix? vt)
{
    private const int Left = 0;
    private const int Right = 1;
    private const double Tolerance = 98.7 * PlaneRotation.Epsilon;

    private readonly RotationBatch _batch = new(d.Length, ut, vt);

    /// <summary>Runs to convergence: d becomes the singular values, none negative, in no order; e zero.</summary>
    public void Run()
    {
        var n = d.Length;
        var threshold = Threshold();
        var budget = 60L * n * n + 1000;
        var (end, oldFirst, oldEnd, down) = (n - 1, -1, -1, true);
        while (end > 0)
        {
            var (first, largest) = FindBlock(end, threshold);
            if (first == end)
            {
                end--;
                continue;
            }

            if (first == end - 1)
            {
                Pair(first);
                end -= 2;
                continue;
            }

            // A block of its own: sweeps run from the end with the larger number, so that small ones come out first.
            if (first > oldEnd || end < oldFirst) down = Math.Abs(d[first]) >= Math.Abs(d[end]);
            if (Deflate(first, end, down, out var smallest)) continue;
            (oldFirst, oldEnd) = (first, end);
            var shift = Shift(first, end, down, smallest, largest);
            budget -= end - first;
            if (budget < 0)
                throw new TenonException("singular value decomposition", "QR sweeps that converge",
                    $"a block of {end - first + 1} that does not", "report this matrix: it should not exist");
            _batch.MakeRoom(end - first);
            if (shift == 0) ZeroShiftSweep(first, end, down);
            else ShiftedSweep(first, end, down, shift);
            ref var last = ref e[down ? end - 1 : first];
            if (Math.Abs(last) <= threshold) last = 0;
        }

        _batch.Flush();
        for (var i = 0; i < n; i++)
        {
            if (!(d[i] < 0 || (d[i] == 0 && double.IsNegative(d[i])))) continue;
            d[i] = -d[i];
            if (vt is null) continue;
            foreach (ref var x in vt.Row(i)) x = -x;
        }
    }

    /// <summary>
    /// What counts as zero above the diagonal: the tolerance times a lower bound of the smallest value, and no less than 1e-150 of a
    /// largest value near 1, so that nothing underflows on the way.
    /// </summary>
    private double Threshold()
    {
        var n = d.Length;
        if (n == 0) return 0;
        var mu = Math.Abs(d[0]);
        var smallest = mu;
        for (var i = 1; i < n && smallest != 0; i++)
        {
            mu = Math.Abs(d[i]) * (mu / (mu + Math.Abs(e[i - 1])));
            smallest = Math.Min(smallest, mu);
        }

        return Math.Max(Tolerance * (smallest / Math.Sqrt(n)), 1e-150);
    }

    /// <summary>The first index of the unreduced block that ends at <paramref name="end"/>, and its largest number.</summary>
    private (int First, double Largest) FindBlock(int end, double threshold)
    {
        var largest = Math.Abs(d[end]);
        for (var i = end - 1; i >= 0; i--)
        {
            var above = Math.Abs(e[i]);
            if (above <= threshold)
            {
                e[i] = 0;
                return (i + 1, largest);
            }

            largest = Math.Max(largest, Math.Max(Math.Abs(d[i]), above));
        }

        return (0, largest);
    }

    /// <summary>A 2 x 2 block, at once.</summary>
    private void Pair(int i)
    {
        var (large, small, sl, cl, sr, cr) = PlaneRotation.Diagonalise(d[i], e[i], d[i + 1]);
        (d[i], e[i], d[i + 1]) = (large, 0, small);
        _batch.MakeRoom(1);
        var left = _batch.Add(Left, i, 1, false);
        var right = _batch.Add(Right, i, 1, false);
        (right[0], right[1]) = (cr, sr);
        (left[0], left[1]) = (cl, sl);
    }

    /// <summary>
    /// Sets a negligible number above the diagonal to zero and says so; else gives a lower bound of the block's smallest value.
    /// </summary>
    private bool Deflate(int first, int end, bool down, out double smallest)
    {
        var (last, corner) = down ? (end - 1, end) : (first, first);
        smallest = 0;
        if (Math.Abs(e[last]) <= Tolerance * Math.Abs(d[corner]))
        {
            e[last] = 0;
            return true;
        }

        var mu = Math.Abs(d[down ? first : end]);
        smallest = mu;
        for (var k = 0; k < end - first; k++)
        {
            var (i, next) = down ? (first + k, first + k + 1) : (end - 1 - k, end - 1 - k);
            var above = Math.Abs(e[i]);
            if (above <= Tolerance * mu)
            {
                e[i] = 0;
                return true;
            }

            mu = Math.Abs(d[next]) * (mu / (mu + above));
            smallest = Math.Min(smallest, mu);
        }

        return false;
    }

    /// <summary>
    /// The smaller value of the 2 x 2 corner where the sweep ends, or 0 where a shift would cost the small values their accuracy.
    /// </summary>
    private double Shift(int first, int end, bool down, double smallest, double largest)
    {
        if (d.Length * Tolerance * (smallest / largest) <= Math.Max(PlaneRotation.Epsilon, 0.01 * Tolerance)) return 0;
        var start = Math.Abs(d[down ? first : end]);
        var shift = down ? PlaneRotation.SmallerValue(d[end - 1], e[end - 1], d[end])
            : PlaneRotation.SmallerValue(d[first], e[first], d[first + 1]);
        if (start <= 0) return shift;
        var ratio = shift / start;
        return ratio * ratio < PlaneRotation.Epsilon ? 0 : shift;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ZeroShiftSweep(int first, int end, bool down)
    {
        var count = end - first;
        var left = _batch.Add(Left, first, count, !down);
        var right = _batch.Add(Right, first, count, !down);
        var (c, s, r) = (1.0, 0.0, 0.0);
        var (oldC, oldS) = (1.0, 0.0);
        for (var k = 0; k < count; k++)
        {
            var i = down ? first + k : end - k;
            var (above, neighbour) = down ? (i, i + 1) : (i - 1, i - 1);
            (c, s, r) = PlaneRotation.Of(d[i] * c, e[above]);
            if (k > 0) e[down ? i - 1 : i] = oldS * r;
            (oldC, oldS, d[i]) = PlaneRotation.Of(oldC * r, d[neighbour] * s);
            var at = 2 * (down ? k : count - 1 - k);
            if (down)
            {
                (right[at], right[at + 1]) = (c, s);
                (left[at], left[at + 1]) = (oldC, oldS);
            }
            else
            {
                (left[at], left[at + 1]) = (c, -s);
                (right[at], right[at + 1]) = (oldC, -oldS);
            }
        }

        var (last, corner) = down ? (end, end - 1) : (first, first);
        var h = d[last] * c;
        d[last] = h * oldC;
        e[corner] = h * oldS;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ShiftedSweep(int first, int end, bool down, double shift)
    {
        var count = end - first;
        var left = _batch.Add(Left, first, count, !down);
        var right = _batch.Add(Right, first, count, !down);
        var start = d[down ? first : end];
        var f = (Math.Abs(start) - shift) * (Math.CopySign(1, start) + (shift / start));
        var g = e[down ? first : end - 1];
        for (var k = 0; k < count; k++)
        {
            var i = down ? first + k : end - k;
            var (above, neighbour) = down ? (i, i + 1) : (i - 1, i - 1);
            var (c, s, r) = PlaneRotation.Of(f, g);
            if (k > 0) e[down ? i - 1 : i] = r;
            f = (c * d[i]) + (s * e[above]);
            e[above] = (c * e[above]) - (s * d[i]);
            g = s * d[neighbour];
            d[neighbour] *= c;
            var (c2, s2, r2) = PlaneRotation.Of(f, g);
            d[i] = r2;
            f = (c2 * e[above]) + (s2 * d[neighbour]);
            d[neighbour] = (c2 * d[neighbour]) - (s2 * e[above]);
            if (k < count - 1)
            {
                ref var beyond = ref e[down ? i + 1 : i - 2];
                g = s2 * beyond;
                beyond *= c2;
            }

            var at = 2 * (down ? k : count - 1 - k);
            if (down)
            {
                (right[at], right[at + 1]) = (c, s);
                (left[at], left[at + 1]) = (c2, s2);
            }
            else
            {
                (left[at], left[at + 1]) = (c, -s);
                (right[at], right[at + 1]) = (c2, -s2);
            }
        }

        e[down ? end - 1 : first] = f;
    }
}
