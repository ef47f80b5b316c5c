using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters;

/// <summary>A part whose update touches some entries of the weight: y = W x + b, and y[o] += v x[i] for each entry (o, i).</summary>
public abstract class SparseUpdate(Linear layer) : LinearAdapter(layer)
{
    /// <summary>Row of each entry.</summary>
    private protected abstract int[] Outputs { get; }

    /// <summary>Column of each entry.</summary>
    private protected abstract int[] Inputs { get; }

    /// <summary>Value of each entry, as it stands.</summary>
    private protected abstract Parameter Values { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => tape.SparseInto(x, Values, Outputs, Inputs, Base(tape, x));

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        var values = Values.Value;
        for (var k = 0; k < values.Length; k++) weight[Outputs[k] * Layer.Inputs + Inputs[k]] += values[k];
        return weight;
    }
}
