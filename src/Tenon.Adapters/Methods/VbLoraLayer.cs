using System.Runtime.InteropServices;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>VB-LoRA's part of one layer.</summary>
public sealed class VbLoraLayer : FactoredAdapter
{
    private readonly int _rank;
    private readonly int _top;
    private readonly DerivedParameter _a;
    private readonly DerivedParameter _b;
    private readonly MovedProduct? _moved;

    /// <summary>Logits not yet drawn; where <paramref name="subtract"/> is set the start is taken away again.</summary>
    public VbLoraLayer(Linear layer, Parameter bank, int rank, int top, bool subtract)
        : base(layer)
    {
        (_rank, _top, Bank) = (rank, top, bank);
        var length = (int)bank.Columns;
        LogitsA = Parameter.Create($"{layer.Path}.vblora_logits_A", rank, layer.Inputs / length, bank.Rows);
        LogitsB = Parameter.Create($"{layer.Path}.vblora_logits_B", layer.Outputs / length, rank, bank.Rows);
        // A piece of A lies along a row; one of B along a column.
        _a = Assembled("A", [rank, layer.Inputs], LogitsA, (piece, c) => piece * length + c);
        _b = Assembled("B", [layer.Outputs, rank], LogitsB, (piece, c) => (piece / rank * length + c) * rank + piece % rank);
        if (subtract) _moved = new MovedProduct(_a, _b, $"{layer.Path}.vblora_start_A", $"{layer.Path}.vblora_start_B");
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
    public override IEnumerable<(string Key, Parameter Tensor)> PrivateTensors =>
        _moved is null ? [] : [("vblora_start_A", _moved.StartA), ("vblora_start_B", _moved.StartB)];

    /// <summary>Takes the factors as they stand for the start.</summary>
    internal void KeepStart() => _moved?.KeepStart();

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x)
    {
        var (y, dropped) = (Base(tape, x), Drop(tape, x));
        return _moved is null ? tape.MatMulInto(tape.MatMul(dropped, _a.Value), _b.Value, y) : _moved.AddTo(tape, y, dropped, 1);
    }

    /// <inheritdoc/>
    public override LowRankFactors ToLora() =>
        _moved is null ? new LowRankFactors(_a.Value.ToArray(), _b.Value.ToArray(), _rank) : _moved.Factors();

    private DerivedParameter Assembled(string name, long[] dimensions, Parameter logits, Func<int, int, int> place) =>
        new($"{Layer.Path}.vblora_{name}", dimensions, [logits, Bank], values =>
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
            for (var k = 0; k < chosen.Length; k++)
                logits.GradientSum[piece * vectors + chosen[k]] += (float)(weights[k] * (slopes[k] - mean));
        }

        for (var i = 0; i < dBank.Length; i++) Bank.GradientSum[i] += (float)dBank[i];
    });

    /// <summary>
    /// The k largest logits, largest first, and their softmax; logits of minus infinity (a file of top-k weights) have none.
    /// </summary>
    private (int[] Chosen, double[] Weights) Mix(ReadOnlySpan<float> logits)
    {
        var values = logits.ToArray();
        var chosen = Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).ThenBy(i => i).Take(_top).ToArray();
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
            yield return vectors < 256
                ? SafetensorsEntry.FromBytes(TopName(side, "indices"), SafetensorsType.U8, [first, second, _top],
                indices.Select(i => (byte)i).ToArray())
                : vectors < 1 << 15
                ? SafetensorsEntry.FromBytes(TopName(side, "indices"), SafetensorsType.I16, [first, second, _top],
                MemoryMarshal.AsBytes<short>(indices.Select(i => (short)i).ToArray()).ToArray())
                : SafetensorsEntry.FromBytes(TopName(side, "indices"), SafetensorsType.I32, [first, second, _top],
                MemoryMarshal.AsBytes<int>(indices.ToArray()).ToArray());
            yield return SafetensorsEntry.FromFloats(TopName(side, "weights"), [first, second, _top - 1], weights.ToArray());
        }
    }

    /// <summary>
    /// Puts the logarithms of a file's weights into the logits. What was left out of the file is gone, so the adapter cannot be trained on.
    /// </summary>
    internal void ReadTop(SafetensorsFile file, string folder)
    {
        foreach (var (side, logits) in new[] { ("A", LogitsA), ("B", LogitsB) })
        {
            var (name, vectors) = (TopName(side, "indices"), (int)Bank.Rows);
            if (!file.Tensors.ContainsKey(name) || !file.Tensors.ContainsKey(TopName(side, "weights")))
                throw new TenonException($"adapter folder '{folder}'", $"tensors '{name}' and weights", "none",
                    "the folder is incomplete or belongs to other targets");
            var (indices, weights) = (file.ReadLongs(name), file.ReadFloats(TopName(side, "weights")));
            var pieces = (int)logits.Length / vectors;
            if (indices.Length != pieces * _top || weights.Length != pieces * (_top - 1) || indices.Any(i => i < 0 || i >= vectors))
                throw new TenonException($"tensor '{name}' of '{folder}'", $"{pieces * _top} places below {vectors}", $"{indices.Length}",
                    "rank, targets or model differ");
            logits.Update(values =>
            {
                values.Fill(-1e4f);
                for (var piece = 0; piece < pieces; piece++)
                {
                    var rest = 1.0;
                    for (var k = 0; k < _top; k++)
                    {
                        var weight = k < _top - 1 ? weights[piece * (_top - 1) + k] : rest;
                        rest -= weight;
                        values[piece * vectors + (int)indices[piece * _top + k]] =
                            (float)Math.Max(-1e4, ExactMath.Log(Math.Max(weight, 1e-38)));
                    }
                }
            });
            logits.Trainable = false;
        }
    }
}
