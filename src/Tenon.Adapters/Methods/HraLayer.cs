using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>HRA's part of one layer.</summary>
public sealed class HraLayer : FactoredAdapter
{
    private readonly int _rank;
    private readonly bool _orthonormal;
    private readonly DerivedParameter _normal;
    private readonly DerivedParameter _middle;
    private readonly DerivedParameter _outer;

    /// <summary>Columns not yet drawn.</summary>
    public HraLayer(Linear layer, int rank, bool orthonormal)
        : base(layer)
    {
        _rank = rank;
        _orthonormal = orthonormal;
        U = Parameter.Create($"{layer.Path}.hra_u", layer.Inputs, rank);
        _normal = new DerivedParameter($"{layer.Path}.hra_normal", [rank, layer.Inputs], [U], Normalise, NormaliseBack);
        _middle = new DerivedParameter($"{layer.Path}.hra_middle", [rank, rank], [], Middle, MiddleBack, [_normal]);
        // -W U T from T^T (U^T W^T): r rows through the frozen weight.
        _outer =
            DerivedParameter.Of($"{layer.Path}.hra_outer", [layer.Outputs, rank], [],
            t => t.Scale(t.Turned(t.Product(_middle.Value, t.MatMul(_normal.Value, layer.Weight))), -1), [_normal, _middle]);
    }

    /// <summary>u [in, r].</summary>
    public Parameter U { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("hra_u", U)];

    /// <summary>W H x + b = W x + b + (-W U T) (U^T x): what a LoRA of rank r costs, and -W U T once after each optimizer step.</summary>
    public override Tensor Forward(Tape tape, Tensor x) => tape.MatMulInto(tape.MatMul(x, _normal.Value), _outer.Value, Base(tape, x));

    /// <summary>(-W U T) and U^T, in float64.</summary>
    public override LowRankFactors ToLora()
    {
        var weight = Layer.Weight.ToArray();
        var u = _normal.Value.ToArray();
        var t = T();
        var b = new float[Layer.Outputs * _rank];
        var product = new double[_rank];
        for (var o = 0; o < Layer.Outputs; o++)
        {
            for (var k = 0; k < _rank; k++)
            {
                var sum = 0.0;
                for (var i = 0; i < Layer.Inputs; i++) sum += (double)weight[o * Layer.Inputs + i] * u[k * Layer.Inputs + i];
                product[k] = sum;
            }

            for (var k = 0; k < _rank; k++)
            {
                var sum = 0.0;
                for (var l = 0; l < _rank; l++) sum += product[l] * t[l * _rank + k];
                b[o * _rank + k] = (float)-sum;
            }
        }

        return new LowRankFactors(u, b, _rank);
    }

    /// <summary>
    /// Row k: column k of u over its length, in pairs of the first and the difference; or made orthonormal to the columns before.
    /// </summary>
    private void Normalise(Span<float> values)
    {
        var q = Columns(out _);
        for (var k = 0; k < _rank; k++)
            for (var i = 0; i < Layer.Inputs; i++)
                values[k * Layer.Inputs + i] =
                    (float)(IsDifference(k) ? q[k * Layer.Inputs + i] - q[(k - 1) * Layer.Inputs + i] : q[k * Layer.Inputs + i]);
    }

    /// <summary>True where row k is the difference of column k from the one before.</summary>
    private bool IsDifference(int k) => !_orthonormal && k % 2 != 0;

    /// <summary>The normalised columns [r, in] in float64, and the length that each was divided by.</summary>
    private double[] Columns(out double[] lengths)
    {
        var (inputs, q) = (Layer.Inputs, new double[_rank * Layer.Inputs]);
        lengths = new double[_rank];
        for (var k = 0; k < _rank; k++)
        {
            var row = q.AsSpan(k * inputs, inputs);
            for (var i = 0; i < inputs; i++) row[i] = U.Value[i * _rank + k];
            if (_orthonormal)
            {
                var original = row.ToArray();
                for (var l = 0; l < k; l++)
                {
                    var before = q.AsSpan(l * inputs, inputs);
                    var dot = Dot(before, original);
                    for (var i = 0; i < inputs; i++) row[i] -= dot * before[i];
                }
            }

            lengths[k] = Math.Sqrt(Dot(row, row));
            for (var i = 0; i < inputs; i++) row[i] /= lengths[k];
        }

        return q;
    }

    private void NormaliseBack(ReadOnlySpan<float> gradient)
    {
        var inputs = Layer.Inputs;
        var q = Columns(out var lengths);
        var dq = new double[q.Length];
        for (var i = 0; i < dq.Length; i++)
        {
            dq[i] += gradient[i];
            if (IsDifference(i / inputs)) dq[i - inputs] -= gradient[i];
        }

        var sum = U.GradientSum;
        for (var k = _rank - 1; k >= 0; k--)
        {
            // q = v / |v|: dv = (dq - q (q . dq)) / |v|.
            var row = q.AsSpan(k * inputs, inputs);
            var d = dq.AsSpan(k * inputs, inputs);
            var along = Dot(row, d);
            for (var i = 0; i < inputs; i++) d[i] = (d[i] - row[i] * along) / lengths[k];
            var du = d.ToArray();
            if (_orthonormal)
            {
                // v = u - sum_l q_l (q_l . u): both u and the earlier columns get a share.
                var original = new double[inputs];
                for (var i = 0; i < inputs; i++) original[i] = U.Value[i * _rank + k];
                for (var l = 0; l < k; l++)
                {
                    var before = q.AsSpan(l * inputs, inputs);
                    var (dot, slope) = (Dot(before, original), Dot(before, d));
                    for (var i = 0; i < inputs; i++)
                    {
                        du[i] -= before[i] * slope;
                        dq[l * inputs + i] -= dot * d[i] + slope * original[i];
                    }
                }
            }

            for (var i = 0; i < inputs; i++) sum[i * _rank + k] += (float)du[i];
        }
    }

    /// <summary>T^T.</summary>
    private void Middle(Span<float> values)
    {
        var t = T();
        for (var i = 0; i < _rank; i++)
            for (var j = 0; j < _rank; j++) values[j * _rank + i] = (float)t[i * _rank + j];
    }

    /// <summary>
    /// T [r, r], upper triangular in blocks of a pair. With e = |v - u|^2 the pair's own block is ((2e, 2e - 2), (2, 2)); the blocks P
    /// above block Q are -T[:, before Q] G[before Q, Q] T_QQ.
    /// </summary>
    private double[] T()
    {
        var t = new double[_rank * _rank];
        for (var k = 0; k < _rank; k++) t[k * _rank + k] = 2;
        if (_orthonormal) return t;
        var gram = Gram();
        var above = new double[2];
        for (var k = 0; k < _rank; k += 2)
        {
            var width = Math.Min(2, _rank - k);
            if (width == 2)
            {
                var e = gram[(k + 1) * _rank + k + 1];
                (t[k * _rank + k], t[k * _rank + k + 1], t[(k + 1) * _rank + k]) = (2 * e, 2 * e - 2, 2);
            }

            for (var row = 0; row < k; row++)
            {
                for (var c = 0; c < width; c++)
                {
                    above[c] = 0;
                    for (var l = 0; l < k; l++) above[c] -= t[row * _rank + l] * gram[l * _rank + k + c];
                }

                for (var c = 0; c < width; c++)
                    for (var m = 0; m < width; m++) t[row * _rank + k + c] += above[m] * t[(k + m) * _rank + k + c];
            }
        }

        return t;
    }

    private double[] Gram()
    {
        var (inputs, u, gram) = (Layer.Inputs, _normal.Value.ToArray(), new double[_rank * _rank]);
        for (var k = 0; k < _rank; k++)
            for (var l = k; l < _rank; l++)
            {
                var sum = 0.0;
                for (var i = 0; i < inputs; i++) sum += (double)u[k * inputs + i] * u[l * inputs + i];
                gram[k * _rank + l] = sum;
            }

        return gram;
    }

    /// <summary>
    /// dS = -T^T dT T^T for the inverse S; above the pairs S_kl = u_k . u_l, and a pair's own block is ((1/2, (1 - e) / 2), (-1/2, e / 2)).
    /// </summary>
    private void MiddleBack(ReadOnlySpan<float> gradient)
    {
        if (_orthonormal) return;
        var (inputs, t, u) = (Layer.Inputs, T(), _normal.Value.ToArray());
        var half = new double[_rank * _rank];
        for (var i = 0; i < _rank; i++)
            for (var j = 0; j < _rank; j++)
                for (var k = 0; k < _rank; k++) half[i * _rank + j] += t[k * _rank + i] * gradient[j * _rank + k];
        var sum = _normal.Value.GradientSum;
        for (var k = 0; k < _rank; k++)
        {
            if (k % 2 != 0)
            {
                var slope = Slope(k, k) - Slope(k - 1, k);
                for (var i = 0; i < inputs; i++) sum[k * inputs + i] += (float)(slope * u[k * inputs + i]);
            }

            for (var l = k - k % 2 + 2; l < _rank; l++)
            {
                var slope = Slope(k, l);
                for (var i = 0; i < inputs; i++)
                {
                    sum[k * inputs + i] += (float)(slope * u[l * inputs + i]);
                    sum[l * inputs + i] += (float)(slope * u[k * inputs + i]);
                }
            }
        }

        double Slope(int k, int l)
        {
            var slope = 0.0;
            for (var m = 0; m < _rank; m++) slope -= half[k * _rank + m] * t[l * _rank + m];
            return slope;
        }
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
