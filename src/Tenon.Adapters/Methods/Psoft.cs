using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Tensors.Linalg;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// PSOFT (Wu et al. 2025): dW = s B (R - I) A, a scaled orthogonal R = diag(b) (I + Q)(I - Q)^-1 diag(a) inside the weight's largest singular triplets, A their right vectors and B the left ones times value / s, both
/// frozen. PEFT's folders leave A and B out, and R depends on the signs of its singular vectors, so they cannot be read by others; here a folder is plain LoRA, which says the same function, and
/// Tenon's record beside it holds the rest.
/// </summary>
public sealed class Psoft : AdapterMethod
{
    /// <inheritdoc/>
    public override string Name => "psoft";

    /// <inheritdoc/>
    public override string Summary => "a scaled orthogonal r x r matrix inside the weight's largest singular triplets";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodOption> Options => [new("mag-a", "true", "train a scale of the inner side"), new("mag-b", "true", "train a scale of the outer side")];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        foreach (var layer in Targets.Linears(set))
        {
            var rank = Rank(settings, layer.Path, layer.Outputs, layer.Inputs);
            var scale = (settings.Alpha ?? 2 * rank) / rank;
            var part = new PsoftLayer(layer, rank, (float)scale, settings.Flag("mag-a", true), settings.Flag("mag-b", true));
            if (!settings.SkipStart)
            {
                var svd = WeightSvd.Of(layer.Weight);
                part.A.Set(svd.Rows(svd.Top(rank)));
                part.B.Set(svd.Columns(svd.Top(rank), s => s / scale));
            }

            set.Add(part);
        }
    }

    private static int Rank(AdapterSettings settings, string path, long outputs, long inputs)
    {
        var rank = Fit.Rank(settings);
        return rank <= Math.Min(outputs, inputs) ? rank : throw new TenonException($"rank of '{path}' (psoft)", $"at most {Math.Min(outputs, inputs)}, the smaller side", $"{rank}", usage: true);
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) => Targets.Shapes(config, settings).Sum(s =>
    {
        long rank = Rank(settings, s.Path, s.Outputs, s.Inputs);
        return rank * (rank - 1) / 2 + (settings.Flag("mag-a", true) ? rank : 0) + (settings.Flag("mag-b", true) ? rank : 0);
    });

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel) => PlainLora.Config(adapter, baseModel);

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter) => PlainLora.Tensors(adapter);

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config) => config.PeftType != "PSOFT" ? null
        : throw new TenonException($"adapter of type PSOFT, {config.Source}", "the frozen factors, which PEFT's file leaves out", "none", "its function depends on the signs of PEFT's singular vectors: convert it there with convert_to_lora", usage: true);
}

/// <summary>PSOFT's part of one layer.</summary>
public sealed class PsoftLayer : FactoredAdapter
{
    private readonly float scale;
    private readonly DerivedParameter core;

    /// <summary>R = I; the frozen factors are still to be set.</summary>
    public PsoftLayer(Linear layer, int rank, float scale, bool magnitudeA, bool magnitudeB)
        : base(layer)
    {
        this.scale = scale;
        A = Parameter.Create($"{layer.Path}.psoft_A", rank, layer.Inputs);
        B = Parameter.Create($"{layer.Path}.psoft_B", layer.Outputs, rank);
        A.Trainable = B.Trainable = false;
        Skew = Parameter.Create($"{layer.Path}.psoft_R.weight", rank * (rank - 1) / 2);
        if (magnitudeA) VectorA = Ones("psoft_R.vector_a", rank);
        if (magnitudeB) VectorB = Ones("psoft_R.vector_b", rank);
        core = new DerivedParameter($"{layer.Path}.psoft_core", [rank, rank], [.. new[] { Skew, VectorA, VectorB }.OfType<Parameter>()], Compute, PullBack);
    }

    /// <summary>A [r, in], frozen.</summary>
    public Parameter A { get; }

    /// <summary>B [out, r], frozen.</summary>
    public Parameter B { get; }

    /// <summary>Strict upper triangle of Q [r (r - 1) / 2].</summary>
    public Parameter Skew { get; }

    /// <summary>a [r], or null.</summary>
    public Parameter? VectorA { get; }

    /// <summary>b [r], or null.</summary>
    public Parameter? VectorB { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors
    {
        get
        {
            yield return ("psoft_R.weight", Skew);
            if (VectorA is not null) yield return ("psoft_R.vector_a", VectorA);
            if (VectorB is not null) yield return ("psoft_R.vector_b", VectorB);
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> PrivateTensors => [("psoft_A", A), ("psoft_B", B)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => tape.MatMulInto(tape.Scale(tape.MatMul(tape.MatMul(Drop(tape, x), A), core.Value), scale), B, Base(tape, x));

    /// <inheritdoc/>
    public override LowRankFactors ToLora() => new(A.ToArray(), LowRank.Scaled(LowRank.Product(B.Value, core.Value.Value, Layer.Outputs, (int)A.Rows), scale), (int)A.Rows);

    private Parameter Ones(string key, int size)
    {
        var vector = Parameter.Create($"{Layer.Path}.{key}", size);
        vector.Update(values => values.Fill(1));
        return vector;
    }

    /// <summary>R - I. With Q negated, (I + Q)(I - Q)^-1 is Cayley's (I - Q)(I + Q)^-1.</summary>
    private void Compute(Span<float> values)
    {
        var rank = (int)A.Rows;
        var r = Cayley.Exact(-Cayley.Skew(Skew.Value, rank));
        for (var i = 0; i < rank; i++)
            for (var j = 0; j < rank; j++) values[i * rank + j] = (float)((VectorB?.Value[i] ?? 1.0) * r[i, j] * (VectorA?.Value[j] ?? 1.0) - (i == j ? 1 : 0));
    }

    private void PullBack(ReadOnlySpan<float> gradient)
    {
        var rank = (int)A.Rows;
        var q = -Cayley.Skew(Skew.Value, rank);
        var r = Cayley.Exact(q);
        var inner = new Matrix(rank, rank);
        for (var i = 0; i < rank; i++)
            for (var j = 0; j < rank; j++)
            {
                double g = gradient[i * rank + j], a = VectorA?.Value[j] ?? 1.0, b = VectorB?.Value[i] ?? 1.0;
                inner[i, j] = g * a * b;
                if (VectorA is not null) VectorA.GradientSum[j] += (float)(g * b * r[i, j]);
                if (VectorB is not null) VectorB.GradientSum[i] += (float)(g * a * r[i, j]);
            }

        Cayley.SkewBack(-Cayley.ExactBack(q, inner), Skew.GradientSum);
    }
}
