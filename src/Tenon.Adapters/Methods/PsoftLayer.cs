using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Linalg;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>PSOFT's part of one layer.</summary>
public sealed class PsoftLayer : FactoredAdapter
{
    /// <summary>What PEFT adds to the norm.</summary>
    private const double Tiny = 1e-12;

    private readonly float _scale;
    private readonly bool _isOrthogonal;
    private readonly int _terms;
    private readonly double _most;
    private readonly DerivedParameter _core;

    /// <summary>R = I; the frozen factors are still to be set.</summary>
    internal PsoftLayer(Linear layer, int rank, float scale, AdapterSettings settings)
        : base(layer)
    {
        _scale = scale;
        _isOrthogonal = settings.OptionsAs<PsoftOptions>().Orth;
        _terms = settings.OptionsAs<PsoftOptions>().Cayley == "exact" ? 0 : settings.OptionsAs<PsoftOptions>().NeumannTerms;
        _most = settings.OptionsAs<PsoftOptions>().NeumannEps;
        A = Parameter.Create($"{layer.Path}.psoft_A", rank, layer.Inputs);
        B = Parameter.Create($"{layer.Path}.psoft_B", layer.Outputs, rank);
        A.Trainable = B.Trainable = false;
        Turn = _isOrthogonal ? Parameter.Create($"{layer.Path}.psoft_R.weight", rank * (rank - 1) / 2)
            : Parameter.Create($"{layer.Path}.psoft_R.weight", rank, rank);
        if (!_isOrthogonal) Turn.Set(Matrix.Identity(rank).ToFloats());
        if (settings.OptionsAs<PsoftOptions>().MagA) VectorA = Ones("psoft_R.vector_a", rank);
        if (settings.OptionsAs<PsoftOptions>().MagB) VectorB = Ones("psoft_R.vector_b", rank);
        _core =
            new DerivedParameter($"{layer.Path}.psoft_core", [rank, rank], [.. new[] { Turn, VectorA, VectorB }.OfType<Parameter>()],
            Compute, PullBack);
    }

    /// <summary>A [r, in], frozen.</summary>
    public Parameter A { get; }

    /// <summary>B [out, r], frozen.</summary>
    public Parameter B { get; }

    /// <summary>Strict upper triangle of Q [r (r - 1) / 2]; R itself [r, r] where it need not be orthogonal.</summary>
    public Parameter Turn { get; }

    /// <summary>a [r], or null.</summary>
    public Parameter? VectorA { get; }

    /// <summary>b [r], or null.</summary>
    public Parameter? VectorB { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors
    {
        get
        {
            yield return ("psoft_R.weight", Turn);
            if (VectorA is not null) yield return ("psoft_R.vector_a", VectorA);
            if (VectorB is not null) yield return ("psoft_R.vector_b", VectorB);
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> PrivateTensors => [("psoft_A", A), ("psoft_B", B)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) =>
        tape.MatMulInto(tape.Scale(tape.MatMul(tape.MatMul(Drop(tape, x), A), _core.Value), _scale), B, Base(tape, x));

    /// <inheritdoc/>
    public override LowRankFactors ToLora() =>
        new(A.ToArray(), LowRank.Scaled(LowRank.Product(B.Value, _core.Value.Value, Layer.Outputs, (int)A.Rows), _scale), (int)A.Rows);

    private Parameter Ones(string key, int size)
    {
        var vector = Parameter.Create($"{Layer.Path}.{key}", size);
        vector.Update(values => values.Fill(1));
        return vector;
    }

    /// <summary>R before its scales. With Q negated, (I + Q)(I - Q)^-1 is Cayley's (I - Q)(I + Q)^-1.</summary>
    private Matrix Inner()
    {
        var rank = (int)A.Rows;
        if (!_isOrthogonal) return Matrix.From(Turn.Value, rank, rank);
        var q = Cayley.Skew(Turn.Value, rank);
        return _terms == 0 ? Cayley.Exact(-q) : Cayley.Neumann(Shrink(q) * q, _terms);
    }

    /// <summary>What brings Q down to the largest norm of the series; 1 where it is below.</summary>
    private double Shrink(Matrix q) => _most > 0 && q.FrobeniusNorm() > _most ? _most / (q.FrobeniusNorm() + Tiny) : 1;

    /// <summary>R - I.</summary>
    private void Compute(Span<float> values)
    {
        var rank = (int)A.Rows;
        var r = Inner();
        for (var i = 0; i < rank; i++)
            for (var j = 0; j < rank; j++)
                values[i * rank + j] = (float)((VectorB?.Value[i] ?? 1.0) * r[i, j] * (VectorA?.Value[j] ?? 1.0) - (i == j ? 1 : 0));
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        var rank = (int)A.Rows;
        var r = Inner();
        var inner = new Matrix(rank, rank);
        for (var i = 0; i < rank; i++)
            for (var j = 0; j < rank; j++)
            {
                double g = gradient[i * rank + j], a = VectorA?.Value[j] ?? 1.0, b = VectorB?.Value[i] ?? 1.0;
                inner[i, j] = g * a * b;
                if (VectorA is not null) VectorA.GradientSum[j] += (float)(g * b * r[i, j]);
                if (VectorB is not null) VectorB.GradientSum[i] += (float)(g * a * r[i, j]);
            }

        if (_isOrthogonal) Cayley.SkewBack(SkewBack(Cayley.Skew(Turn.Value, rank), inner), Turn.GradientSum);
        else
            for (var i = 0; i < rank * rank; i++) Turn.GradientSum[i] += (float)inner.Values[i];
    }

    /// <summary>dQ of dR; the norm that shrinks Q takes part in it.</summary>
    private Matrix SkewBack(Matrix q, Matrix gradient)
    {
        if (_terms == 0) return -Cayley.ExactBack(-q, gradient);
        var shrink = Shrink(q);
        var back = Cayley.NeumannBack(shrink * q, gradient, _terms);
        if (shrink == 1) return back;
        var norm = q.FrobeniusNorm();
        var along = 0.0;
        for (var i = 0; i < q.Values.Length; i++) along += back.Values[i] * q.Values[i];
        return shrink * back - along * shrink / (norm * (norm + Tiny)) * q;
    }
}
