using System.Globalization;
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
/// frozen. PEFT's folders leave A and B out, and R depends on the signs of its singular vectors: they are read where their file holds the factors too (<c>psoft_A</c>, <c>psoft_B</c> of each layer). What is
/// written is plain LoRA, which says the same function, and Tenon's record beside it holds the rest.
/// </summary>
public sealed class Psoft : AdapterMethod
{
    /// <inheritdoc/>
    public override string Name => "psoft";

    /// <inheritdoc/>
    public override string Summary => "a scaled orthogonal r x r matrix inside the weight's largest singular triplets";

    /// <inheritdoc/>
    public override IReadOnlyList<MethodOption> Options =>
    [
        new("mag-a", "true", "train a scale of the inner side"), new("mag-b", "true", "train a scale of the outer side"), new("orth", "true", "false: R is any matrix, trained whole"),
        new("cayley", "exact", "exact or neumann (a cut series)"), new("neumann-terms", "5", "terms of the series"), new("neumann-eps", "0", "largest Frobenius norm of Q in the series; 0: any"),
    ];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        foreach (var layer in Targets.Linears(set))
        {
            var rank = Rank(settings, layer.Path, layer.Outputs, layer.Inputs);
            var scale = (settings.Alpha ?? 2 * rank) / rank;
            var part = new PsoftLayer(layer, rank, (float)scale, settings);
            if (settings.Peft is null && !settings.SkipStart)
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
        return (settings.Flag("orth", true) ? rank * (rank - 1) / 2 : rank * rank) + (settings.Flag("mag-a", true) ? rank : 0) + (settings.Flag("mag-b", true) ? rank : 0);
    });

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel) => PlainLora.Config(adapter, baseModel);

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter) => PlainLora.Tensors(adapter);

    /// <inheritdoc/>
    public override void ReadTensors(AdapterSet adapter, SafetensorsFile file, string folder)
    {
        var factors = adapter.Linears.OfType<PsoftLayer>().SelectMany(l => l.PrivateTensors.Select(t => (Name: PeftKeys.Of(l.Layer.Path, t.Key), t.Tensor))).ToList();
        if (factors.FirstOrDefault(f => !file.Tensors.ContainsKey(f.Name)).Name is { } missing)
            throw new TenonException($"adapter of type PSOFT, '{folder}'", $"the frozen factors, '{missing}' among them, which PEFT's file leaves out", "none",
                "its function depends on the signs of PEFT's singular vectors: save PEFT's buffers _psoft_A_cache and _psoft_B_cache under these names, or convert it there with convert_to_lora", usage: true);
        PeftFolder.ReadAll(adapter.Tensors.Concat(factors), file, folder, Name);
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config) => config.PeftType != "PSOFT" ? null : new AdapterSettings
    {
        Method = Name,
        Rank = config.Int("r"),
        Alpha = config.Number("psoft_alpha"),
        Dropout = config.Number("psoft_dropout"),
        Options = new Dictionary<string, string>
        {
            ["mag-a"] = config.Flag("psoft_mag_a") ? "true" : "false", ["mag-b"] = config.Flag("psoft_mag_b") ? "true" : "false", ["orth"] = config.Flag("psoft_orth") ? "true" : "false",
            ["cayley"] = config.Flag("use_cayley_neumann") ? "neumann" : "exact", ["neumann-terms"] = config.Int("num_cayley_neumann_terms").ToString(CultureInfo.InvariantCulture),
            ["neumann-eps"] = config["cayley_neumann_eps"] is null ? "0" : config.Number("cayley_neumann_eps").ToString("R", CultureInfo.InvariantCulture),
        },
    };
}

/// <summary>PSOFT's part of one layer.</summary>
public sealed class PsoftLayer : FactoredAdapter
{
    /// <summary>What PEFT adds to the norm.</summary>
    private const double Tiny = 1e-12;

    private readonly float scale;
    private readonly bool isOrthogonal;
    private readonly int terms;
    private readonly double most;
    private readonly DerivedParameter core;

    /// <summary>R = I; the frozen factors are still to be set.</summary>
    internal PsoftLayer(Linear layer, int rank, float scale, AdapterSettings settings)
        : base(layer)
    {
        this.scale = scale;
        isOrthogonal = settings.Flag("orth", true);
        terms = settings.Word("cayley", "exact", "neumann", "exact") == "exact" ? 0 : settings.Int("neumann-terms", 5, 1);
        most = settings.Number("neumann-eps", 0);
        A = Parameter.Create($"{layer.Path}.psoft_A", rank, layer.Inputs);
        B = Parameter.Create($"{layer.Path}.psoft_B", layer.Outputs, rank);
        A.Trainable = B.Trainable = false;
        Turn = isOrthogonal ? Parameter.Create($"{layer.Path}.psoft_R.weight", rank * (rank - 1) / 2) : Parameter.Create($"{layer.Path}.psoft_R.weight", rank, rank);
        if (!isOrthogonal) Turn.Set(Matrix.Identity(rank).ToFloats());
        if (settings.Flag("mag-a", true)) VectorA = Ones("psoft_R.vector_a", rank);
        if (settings.Flag("mag-b", true)) VectorB = Ones("psoft_R.vector_b", rank);
        core = new DerivedParameter($"{layer.Path}.psoft_core", [rank, rank], [.. new[] { Turn, VectorA, VectorB }.OfType<Parameter>()], Compute, PullBack);
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
    public override Tensor Forward(Tape tape, Tensor x) => tape.MatMulInto(tape.Scale(tape.MatMul(tape.MatMul(Drop(tape, x), A), core.Value), scale), B, Base(tape, x));

    /// <inheritdoc/>
    public override LowRankFactors ToLora() => new(A.ToArray(), LowRank.Scaled(LowRank.Product(B.Value, core.Value.Value, Layer.Outputs, (int)A.Rows), scale), (int)A.Rows);

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
        if (!isOrthogonal) return Matrix.From(Turn.Value, rank, rank);
        var q = Cayley.Skew(Turn.Value, rank);
        return terms == 0 ? Cayley.Exact(-q) : Cayley.Neumann(Shrink(q) * q, terms);
    }

    /// <summary>What brings Q down to the largest norm of the series; 1 where it is below.</summary>
    private double Shrink(Matrix q) => most > 0 && q.FrobeniusNorm() > most ? most / (q.FrobeniusNorm() + Tiny) : 1;

    /// <summary>R - I.</summary>
    private void Compute(Span<float> values)
    {
        var rank = (int)A.Rows;
        var r = Inner();
        for (var i = 0; i < rank; i++)
            for (var j = 0; j < rank; j++) values[i * rank + j] = (float)((VectorB?.Value[i] ?? 1.0) * r[i, j] * (VectorA?.Value[j] ?? 1.0) - (i == j ? 1 : 0));
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

        if (isOrthogonal) Cayley.SkewBack(SkewBack(Cayley.Skew(Turn.Value, rank), inner), Turn.GradientSum);
        else
            for (var i = 0; i < rank * rank; i++) Turn.GradientSum[i] += (float)inner.Values[i];
    }

    /// <summary>dQ of dR; the norm that shrinks Q takes part in it.</summary>
    private Matrix SkewBack(Matrix q, Matrix gradient)
    {
        if (terms == 0) return -Cayley.ExactBack(-q, gradient);
        var shrink = Shrink(q);
        var back = Cayley.NeumannBack(shrink * q, gradient, terms);
        if (shrink == 1) return back;
        var norm = q.FrobeniusNorm();
        var along = 0.0;
        for (var i = 0; i < q.Values.Length; i++) along += back.Values[i] * q.Values[i];
        return shrink * back - along * shrink / (norm * (norm + Tiny)) * q;
    }
}
