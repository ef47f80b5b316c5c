namespace Tenon.Tensors.Linalg;

/// <summary>
/// Discrete Fourier transforms of any length in float64: mixed radix over the prime factors, so that a length with small factors is fast
/// and any other still right. The angles come from
/// <see cref="ExactMath"/>, the sums have one order: the same bits on any processor.
/// </summary>
public sealed class Fourier
{
    private readonly int _length;
    private readonly int[] _factors;
    private readonly double[] _cos;
    private readonly double[] _sin;

    /// <summary>Transforms of one length.</summary>
    public Fourier(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        _length = length;
        _factors = [.. Factors(length)];
        _cos = new double[length];
        _sin = new double[length];
        for (var k = 0; k < length; k++)
        {
            _cos[k] = ExactMath.Cos(2 * Math.PI * k / length);
            _sin[k] = ExactMath.Sin(2 * Math.PI * k / length);
        }
    }

    /// <summary>X_k = sum_n x_n e^(-2 pi i k n / N) (or, inverse, with + and no division), in place.</summary>
    public void Transform(Span<double> re, Span<double> im, bool inverse = false)
    {
        var (sourceRe, sourceIm) = (re.ToArray(), im.ToArray());
        var scratch = new double[2 * _length];
        Recurse(sourceRe, sourceIm, 0, 1, _length, 0, re, im, scratch, inverse ? 1 : -1);
    }

    /// <summary>cos(2 pi k / N) for any whole k.</summary>
    public double Cos(long k) => _cos[(int)(k % _length)];

    /// <summary>sin(2 pi k / N) for any whole k.</summary>
    public double Sin(long k) => _sin[(int)(k % _length)];

    private void Recurse(double[] fromRe, double[] fromIm, int start, int stride, int n, int level, Span<double> re, Span<double> im,
        double[] scratch, int sign)
    {
        if (n == 1)
        {
            re[0] = fromRe[start];
            im[0] = fromIm[start];
            return;
        }

        var p = _factors[level];
        var m = n / p;
        for (var r = 0; r < p; r++)
            Recurse(fromRe, fromIm, start + r * stride, stride * p, m, level + 1, re.Slice(r * m, m), im.Slice(r * m, m), scratch, sign);
        // X[k + q m] = sum_r w_n^(r (k + q m)) Y_r[k]
        var step = _length / n;
        for (var k = 0; k < m; k++)
        {
            for (var q = 0; q < p; q++)
            {
                var (sumRe, sumIm) = (re[k], im[k]);
                for (var r = 1; r < p; r++)
                {
                    var angle = (int)((long)r * (k + q * m) % n) * step;
                    var (c, s) = (_cos[angle], sign * _sin[angle]);
                    var (a, b) = (re[r * m + k], im[r * m + k]);
                    sumRe += a * c - b * s;
                    sumIm += a * s + b * c;
                }

                scratch[2 * q] = sumRe;
                scratch[2 * q + 1] = sumIm;
            }

            for (var q = 0; q < p; q++)
            {
                re[q * m + k] = scratch[2 * q];
                im[q * m + k] = scratch[2 * q + 1];
            }
        }
    }

    private static IEnumerable<int> Factors(int n)
    {
        for (var p = 2; p * p <= n; p++)
            while (n % p == 0)
            {
                yield return p;
                n /= p;
            }

        if (n > 1) yield return n;
    }
}
