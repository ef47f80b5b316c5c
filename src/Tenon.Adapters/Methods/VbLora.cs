using System.Globalization;
using System.Runtime.InteropServices;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// VB-LoRA (Li et al. 2024): the factors of a LoRA are put together from one bank of vectors that all layers share, each piece a softmax over its k largest logits. It does not start at the base model, so a
/// recipe subtracts the start, y = W x + b + B A x - B0 A0 x, and saves plain LoRA; <c>init: peft</c> leaves it in and saves PEFT's own format.
/// </summary>
public sealed class VbLora : AdapterMethod
{
    /// <inheritdoc/>
    public override string Name => "vblora";

    /// <inheritdoc/>
    public override string Summary => "LoRA factors put together from one shared bank of vectors";

    /// <inheritdoc/>
    protected override double TunedRate => 3e-3;

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Rank | SharedKeys.Dropout;

    /// <inheritdoc/>
    public override IReadOnlyList<MethodOption> Options =>
    [
        new("vectors", "256", "vectors of the bank"), new("vector-length", "largest up to 256 that divides all inputs and outputs", "length of a vector"), new("top-k", "2", "vectors that a piece mixes"),
        new("save-only-topk", "false", "with init: peft, save only what scoring needs; such a file cannot be trained on"), new("bank-bound", "0.02", "bound of the bank's start"), new("logits-std", "0.1", "deviation of the logits' start"),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Inits => ["peft"];

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        var settings = set.Settings;
        var layers = Targets.Linears(set);
        var (rank, vectors) = (Fit.Rank(settings), settings.Int("vectors", 256, 1));
        var length = Length(settings, layers.Select(l => (l.Path, (long)l.Outputs, (long)l.Inputs)));
        var top = settings.Int("top-k", 2, 1);
        if (top > vectors) throw new TenonException("adapter.top-k of method 'vblora'", $"at most the {vectors} vectors", $"{top}", usage: true);
        var bank = Parameter.Create("base_model.vblora_vector_bank", vectors, length);
        AdapterInit.Uniform(bank, settings.Seed, 0, 7, settings.Number("bank-bound", 0.02));
        var index = 0;
        foreach (var layer in layers)
        {
            var part = new VbLoraLayer(layer, bank, rank, top, settings.Init != "peft");
            AdapterInit.Normal(part.LogitsA, settings.Seed, index, 0, settings.Number("logits-std", 0.1));
            AdapterInit.Normal(part.LogitsB, settings.Seed, index, 1, settings.Number("logits-std", 0.1));
            part.KeepStart();
            set.Add(part);
            index++;
        }

        set.AddShared(bank.Name, bank);
    }

    private static int Length(AdapterSettings settings, IEnumerable<(string Path, long Outputs, long Inputs)> layers)
    {
        var list = layers.ToList();
        var length = settings.Int("vector-length", Fit.Divisor(list.SelectMany(l => new[] { l.Outputs, l.Inputs }), 256), 1);
        foreach (var (path, outputs, inputs) in list)
            if (outputs % length != 0 || inputs % length != 0)
                throw new TenonException("adapter.vector-length of method 'vblora'", $"a number that divides the {inputs} inputs and {outputs} outputs of '{path}'", $"{length}", usage: true);
        return length;
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings)
    {
        var shapes = Targets.Shapes(config, settings);
        var (rank, vectors, length) = (Fit.Rank(settings), settings.Int("vectors", 256, 1), Length(settings, shapes));
        return (long)vectors * length + shapes.Sum(s => rank * (s.Inputs + s.Outputs) / length * vectors);
    }

    private static bool IsPeft(AdapterSet adapter) => adapter.Settings.Init == "peft";

    private static bool OnlyTop(AdapterSettings settings) => settings.Flag("save-only-topk", false);

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        if (!IsPeft(adapter)) return PlainLora.Config(adapter, baseModel);
        var config = PeftConfig.Create("VBLORA", baseModel);
        var settings = adapter.Settings;
        var first = adapter.Linears.OfType<VbLoraLayer>().First();
        config["r"] = settings.Rank;
        config["num_vectors"] = (long)first.Bank.Rows;
        config["vector_length"] = (long)first.Bank.Columns;
        config["topk"] = settings.Int("top-k", 2);
        config["save_only_topk_weights"] = OnlyTop(settings);
        config["vblora_dropout"] = settings.Dropout;
        config["init_vector_bank_bound"] = settings.Number("bank-bound", 0.02);
        config["init_logits_std"] = settings.Number("logits-std", 0.1);
        return config;
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config) => config.PeftType != "VBLORA" ? null : new AdapterSettings
    {
        Method = Name,
        Init = "peft",
        Rank = config.Int("r"),
        Dropout = config.Number("vblora_dropout"),
        Options = new Dictionary<string, string>
        {
            ["vectors"] = config.Int("num_vectors").ToString(CultureInfo.InvariantCulture), ["vector-length"] = config.Int("vector_length").ToString(CultureInfo.InvariantCulture),
            ["top-k"] = config.Int("topk").ToString(CultureInfo.InvariantCulture), ["save-only-topk"] = config.Flag("save_only_topk_weights") ? "true" : "false",
            ["bank-bound"] = config.Number("init_vector_bank_bound").ToString("R", CultureInfo.InvariantCulture), ["logits-std"] = config.Number("init_logits_std").ToString("R", CultureInfo.InvariantCulture),
        },
    };

    /// <inheritdoc/>
    public override bool KeepsRecord(AdapterSet adapter) => !IsPeft(adapter);

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter)
    {
        if (!IsPeft(adapter)) return PlainLora.Tensors(adapter);
        if (!OnlyTop(adapter.Settings)) return base.FileTensors(adapter);
        var logits = adapter.Linears.OfType<VbLoraLayer>().SelectMany(l => new[] { l.LogitsA, l.LogitsB }).ToHashSet();
        return adapter.Tensors.Where(t => !logits.Contains(t.Tensor)).DistinctBy(t => t.Name).Select(t => SafetensorsEntry.FromFloats(t.Name, t.Tensor.Dimensions, t.Tensor.ToArray()))
            .Concat(adapter.Linears.OfType<VbLoraLayer>().SelectMany(l => l.TopEntries()));
    }

    /// <inheritdoc/>
    public override void ReadTensors(AdapterSet adapter, SafetensorsFile file, string folder)
    {
        if (!OnlyTop(adapter.Settings))
        {
            base.ReadTensors(adapter, file, folder);
            return;
        }

        var layers = adapter.Linears.OfType<VbLoraLayer>().ToList();
        var logits = layers.SelectMany(l => new[] { l.LogitsA, l.LogitsB }).ToHashSet();
        PeftFolder.ReadAll(adapter.Tensors.Where(t => !logits.Contains(t.Tensor)), file, folder, Name, layers.SelectMany(l => l.TopNames).ToHashSet());
        foreach (var layer in layers) layer.ReadTop(file, folder);
    }
}

/// <summary>VB-LoRA's part of one layer.</summary>
public sealed class VbLoraLayer : FactoredAdapter
{
    private readonly int rank;
    private readonly int top;
    private readonly Parameter? startA;
    private readonly Parameter? startB;
    private readonly DerivedParameter a;
    private readonly DerivedParameter b;

    /// <summary>Logits not yet drawn; where <paramref name="subtract"/> is set the start is taken away again.</summary>
    public VbLoraLayer(Linear layer, Parameter bank, int rank, int top, bool subtract)
        : base(layer)
    {
        (this.rank, this.top, Bank) = (rank, top, bank);
        var length = (int)bank.Columns;
        LogitsA = Parameter.Create($"{layer.Path}.vblora_logits_A", rank, layer.Inputs / length, bank.Rows);
        LogitsB = Parameter.Create($"{layer.Path}.vblora_logits_B", layer.Outputs / length, rank, bank.Rows);
        // A piece of A lies along a row; one of B along a column.
        a = Assembled("A", [rank, layer.Inputs], LogitsA, (piece, c) => piece * length + c);
        b = Assembled("B", [layer.Outputs, rank], LogitsB, (piece, c) => (piece / rank * length + c) * rank + piece % rank);
        if (!subtract) return;
        startA = Parameter.Create($"{layer.Path}.vblora_start_A", rank, layer.Inputs);
        startB = Parameter.Create($"{layer.Path}.vblora_start_B", layer.Outputs, rank);
        startA.Trainable = startB.Trainable = false;
    }

    /// <summary>The shared bank [V, L].</summary>
    public Parameter Bank { get; }

    /// <summary>Logits of A's pieces [r, in / L, V].</summary>
    public Parameter LogitsA { get; }

    /// <summary>Logits of B's pieces [out / L, r, V].</summary>
    public Parameter LogitsB { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("vblora_logits_A", LogitsA), ("vblora_logits_B", LogitsB)];

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> PrivateTensors => startA is null ? [] : [("vblora_start_A", startA), ("vblora_start_B", startB!)];

    /// <summary>Takes the factors as they stand for the start.</summary>
    internal void KeepStart()
    {
        startA?.Set(a.Value.Value);
        startB?.Set(b.Value.Value);
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x)
    {
        var (y, dropped) = (Base(tape, x), Drop(tape, x));
        if (startA is null) return tape.MatMulInto(tape.MatMul(dropped, a.Value), b.Value, y);
        // Both updates go through the same ops, so that equal factors cancel to the last bit.
        return tape.AddProductDifference(y, tape.MatMul(dropped, a.Value), b.Value, tape.MatMul(dropped, startA), startB!);
    }

    /// <inheritdoc/>
    public override LowRankFactors ToLora() =>
        startA is null ? new LowRankFactors(a.Value.ToArray(), b.Value.ToArray(), rank) : LowRankFactors.Difference(a.Value, b.Value, startA, startB!);

    private DerivedParameter Assembled(string name, long[] dimensions, Parameter logits, Func<int, int, int> place) => new($"{Layer.Path}.vblora_{name}", dimensions, [logits, Bank], values =>
    {
        var (vectors, length) = ((int)Bank.Rows, (int)Bank.Columns);
        for (var piece = 0; piece < (int)logits.Length / vectors; piece++)
        {
            var (chosen, weights) = Mix(logits.Value.Slice(piece * vectors, vectors));
            for (var c = 0; c < length; c++)
            {
                var sum = 0.0;
                for (var k = 0; k < chosen.Length; k++) sum += weights[k] * Bank.Value[chosen[k] * length + c];
                values[place(piece, c)] = (float)sum;
            }
        }
    }, gradient =>
    {
        var (vectors, length) = ((int)Bank.Rows, (int)Bank.Columns);
        var dBank = new double[Bank.Length];
        for (var piece = 0; piece < (int)logits.Length / vectors; piece++)
        {
            var (chosen, weights) = Mix(logits.Value.Slice(piece * vectors, vectors));
            var slopes = new double[chosen.Length];
            for (var k = 0; k < chosen.Length; k++)
                for (var c = 0; c < length; c++)
                {
                    double g = gradient[place(piece, c)];
                    slopes[k] += g * Bank.Value[chosen[k] * length + c];
                    dBank[chosen[k] * length + c] += g * weights[k];
                }

            var mean = 0.0;
            for (var k = 0; k < chosen.Length; k++) mean += weights[k] * slopes[k];
            for (var k = 0; k < chosen.Length; k++) logits.GradientSum[piece * vectors + chosen[k]] += (float)(weights[k] * (slopes[k] - mean));
        }

        for (var i = 0; i < dBank.Length; i++) Bank.GradientSum[i] += (float)dBank[i];
    });

    /// <summary>The k largest logits, largest first, and their softmax; logits of minus infinity (a file of top-k weights) have none.</summary>
    private (int[] Chosen, double[] Weights) Mix(ReadOnlySpan<float> logits)
    {
        var values = logits.ToArray();
        var chosen = Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).ThenBy(i => i).Take(top).ToArray();
        var weights = chosen.Select(i => ExactMath.Exp((double)values[i] - values[chosen[0]])).ToArray();
        var sum = weights.Sum();
        for (var k = 0; k < weights.Length; k++) weights[k] /= sum;
        return (chosen, weights);
    }

    /// <summary>Names of the tensors of a file of top-k weights.</summary>
    internal IEnumerable<string> TopNames => new[] { "A", "B" }.SelectMany(s => new[] { TopName(s, "indices"), TopName(s, "weights") });

    private string TopName(string side, string what) => PeftKeys.Of(Layer.Path, $"vblora_logits_{side}_topk_{what}");

    /// <summary>The places of the k largest logits and their weights but the last, which the others leave.</summary>
    internal IEnumerable<SafetensorsEntry> TopEntries()
    {
        foreach (var (side, logits) in new[] { ("A", LogitsA), ("B", LogitsB) })
        {
            var vectors = (int)Bank.Rows;
            var (indices, weights) = (new List<int>(), new List<float>());
            for (var piece = 0; piece < (int)logits.Length / vectors; piece++)
            {
                var (chosen, mixed) = Mix(logits.Value.Slice(piece * vectors, vectors));
                indices.AddRange(chosen);
                weights.AddRange(mixed.SkipLast(1).Select(w => (float)w));
            }

            var (first, second) = (logits.Dimensions[0], logits.Dimensions[1]);
            yield return vectors < 256 ? SafetensorsEntry.FromBytes(TopName(side, "indices"), SafetensorsType.U8, [first, second, top], indices.Select(i => (byte)i).ToArray())
                : vectors < 1 << 15 ? SafetensorsEntry.FromBytes(TopName(side, "indices"), SafetensorsType.I16, [first, second, top], MemoryMarshal.AsBytes<short>(indices.Select(i => (short)i).ToArray()).ToArray())
                : SafetensorsEntry.FromBytes(TopName(side, "indices"), SafetensorsType.I32, [first, second, top], MemoryMarshal.AsBytes<int>(indices.ToArray()).ToArray());
            yield return SafetensorsEntry.FromFloats(TopName(side, "weights"), [first, second, top - 1], weights.ToArray());
        }
    }

    /// <summary>Puts the logarithms of a file's weights into the logits. What was left out of the file is gone, so the adapter cannot be trained on.</summary>
    internal void ReadTop(SafetensorsFile file, string folder)
    {
        foreach (var (side, logits) in new[] { ("A", LogitsA), ("B", LogitsB) })
        {
            var (name, vectors) = (TopName(side, "indices"), (int)Bank.Rows);
            if (!file.Tensors.ContainsKey(name) || !file.Tensors.ContainsKey(TopName(side, "weights")))
                throw new TenonException($"adapter folder '{folder}'", $"tensors '{name}' and weights", "none", "the folder is incomplete or belongs to other targets");
            var (indices, weights) = (file.ReadLongs(name), file.ReadFloats(TopName(side, "weights")));
            var pieces = (int)logits.Length / vectors;
            if (indices.Length != pieces * top || weights.Length != pieces * (top - 1) || indices.Any(i => i < 0 || i >= vectors))
                throw new TenonException($"tensor '{name}' of '{folder}'", $"{pieces * top} places below {vectors}", $"{indices.Length}", "rank, targets or model differ");
            logits.Update(values =>
            {
                values.Fill(-1e4f);
                for (var piece = 0; piece < pieces; piece++)
                {
                    var rest = 1.0;
                    for (var k = 0; k < top; k++)
                    {
                        var weight = k < top - 1 ? weights[piece * (top - 1) + k] : rest;
                        rest -= weight;
                        values[piece * vectors + (int)indices[piece * top + k]] = (float)Math.Max(-1e4, ExactMath.Log(Math.Max(weight, 1e-38)));
                    }
                }
            });
            logits.Trainable = false;
        }
    }
}
