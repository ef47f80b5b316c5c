using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters;

/// <summary>
/// A part whose update dW [out, in] has no cheap factors: W + dW is made once after each optimizer step, and y = (W + dW) x + b, one
/// product for two. Where all values of dW are zero the output is the
/// base's, bit for bit: frozen weights and parameters multiply in the same order.
/// </summary>
public abstract class DenseUpdate(Linear layer) : LinearAdapter(layer)
{
    private DerivedParameter? _whole;

    /// <summary>True for W + dW; where the adapter's input is dropped, and the base's is not, dW stands alone.</summary>
    private protected virtual bool IsWhole => DropoutRate == 0;

    /// <summary>W + dW as it stands, or dW, [out, in].</summary>
    private Parameter Weight => (_whole ??= IsWhole ? CreateUpdate().Onto(Layer.Weight) : CreateUpdate()).Value;

    /// <summary>dW as a function of the method's tensors, dimensions [out, in].</summary>
    private protected abstract DerivedParameter CreateUpdate();

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) =>
        IsWhole ? WithBias(tape, tape.MatMul(x, Weight)) : tape.MatMulInto(Drop(tape, x), Weight, Base(tape, x));

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        var values = Weight.Value;
        if (IsWhole) values.CopyTo(weight);
        else
            for (var i = 0; i < weight.Length; i++) weight[i] += values[i];
        return weight;
    }
}
