using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models.Config;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters.Methods;

/// <summary>
/// SliceFine (as PeRL has it): r consecutive columns (or rows) of each weight are trained, from their own values. Only the slice is kept;
/// saved as the plain LoRA that it is, one factor of
/// unit vectors and the other the change of the slice.
/// </summary>
public sealed class SliceFine : AdapterMethod<SliceFineOptions>
{
    /// <inheritdoc/>
    public override string Name => "slicefine";

    /// <inheritdoc/>
    public override string Summary => "a slice of each weight's columns or rows";

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.Rank;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        foreach (var layer in Targets.Linears(set))
            set.Add(
                new SliceFineLayer(layer, IsColumn(set.Settings), OptionsIn(set.Settings).SlicePosition,
                RankOf(set.Settings, layer.Path)));
    }

    private static bool IsColumn(AdapterSettings settings) => OptionsIn(settings).SliceMode == "column";

    private static int RankOf(AdapterSettings settings, string path) =>
        settings.RankOf(path) is > 0 and var rank ? rank
        : throw new TenonException($"rank of '{path}'", "a positive integer", $"{settings.RankOf(path)}", usage: true);

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) =>
        Targets.Shapes(config, settings)
        .Sum(s => IsColumn(settings) ? Math.Min(RankOf(settings, s.Path), s.Inputs) * s.Outputs
        : Math.Min(RankOf(settings, s.Path), s.Outputs) * s.Inputs);

    /// <inheritdoc/>
    public override bool KeepsRecord(AdapterSet adapter) => true;

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel) => PlainLora.Config(adapter, baseModel);

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter) => PlainLora.Tensors(adapter);
}

/// <summary>SliceFine's part of one layer: y = W x + b + (T - W[slice]) x[slice], the change computed once after each step.</summary>
public sealed class SliceFineLayer : LinearAdapter
{
    private readonly bool _column;
    private readonly int _first;
    private readonly DerivedParameter _change;

    /// <summary>The slice from <paramref name="position"/> on, moved back where it would reach over the end.</summary>
    public SliceFineLayer(Linear layer, bool column, int position, int rank)
        : base(layer)
    {
        _column = column;
        var size = column ? layer.Inputs : layer.Outputs;
        Rank = Math.Min(rank, size);
        _first = Math.Min(position, size - Rank);
        var start = Slice();
        long[] shape = column ? [layer.Outputs, Rank] : [Rank, layer.Inputs];
        Part = Parameter.Create($"{layer.Path}.slicefine_adapters.weight", shape);
        Part.Set(start);
        _change = new DerivedParameter($"{layer.Path}.slicefine_change", shape, [Part],
            values =>
            {
                for (var i = 0; i < values.Length; i++) values[i] = Part.Value[i] - start[i];
            },
            gradient =>
            {
                var sum = Part.GradientSum;
                for (var i = 0; i < sum.Length; i++) sum[i] += gradient[i];
            });
    }

    /// <summary>Columns or rows in the slice.</summary>
    public int Rank { get; }

    /// <summary>T: the slice [out, r] of columns, or [r, in] of rows.</summary>
    public Parameter Part { get; }

    /// <inheritdoc/>
    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [("slicefine_adapters.weight", Part)];

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x)
    {
        var y = Base(tape, x);
        return _column ? tape.MatMulInto(tape.ColumnRange(x, _first, Rank), _change.Value, y)
            : tape.AddToColumnsInPlace(y, tape.MatMul(x, _change.Value), _first);
    }

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        var inputs = Layer.Inputs;
        if (!_column) Part.Value.CopyTo(weight.AsSpan(_first * inputs));
        else
            for (var o = 0; o < Layer.Outputs; o++) Part.Value.Slice(o * Rank, Rank).CopyTo(weight.AsSpan(o * inputs + _first));
        return weight;
    }

    /// <inheritdoc/>
    public override LowRankFactors ToLora()
    {
        if (_column)
        {
            var a = new float[Rank * Layer.Inputs];
            for (var k = 0; k < Rank; k++) a[k * Layer.Inputs + _first + k] = 1;
            return new LowRankFactors(a, _change.Value.ToArray(), Rank);
        }

        var b = new float[Layer.Outputs * Rank];
        for (var k = 0; k < Rank; k++) b[(_first + k) * Rank + k] = 1;
        return new LowRankFactors(_change.Value.ToArray(), b, Rank);
    }

    private float[] Slice()
    {
        var (row, inputs) = (new float[Layer.Inputs], Layer.Inputs);
        var values = new float[_column ? Layer.Outputs * Rank : Rank * inputs];
        if (!_column) Layer.Weight.CopyRows(_first, values);
        else
            for (var o = 0; o < Layer.Outputs; o++)
            {
                Layer.Weight.CopyRows(o, row);
                row.AsSpan(_first, Rank).CopyTo(values.AsSpan(o * Rank));
            }

        return values;
    }
}

/// <summary>SliceFine's options.</summary>
public sealed record SliceFineOptions : ISettings
{
    /// <summary>What the slice is cut along.</summary>
    [Words("column", "row")]
    public string SliceMode { get; init; } = "column";

    /// <summary>The first column or row; at most size - rank.</summary>
    [Bounds(0, int.MaxValue)]
    public int SlicePosition { get; init; }
}
