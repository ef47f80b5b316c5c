using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters;

/// <summary>
/// A part whose update dW [out, in] has no cheap factors: it is made once after each optimizer step, and y = W x + b + dW x. Where all its values are zero the output is the base's, bit for bit.
/// </summary>
public abstract class DenseUpdate(Linear layer) : LinearAdapter(layer)
{
    private DerivedParameter? update;

    /// <summary>dW as it stands, [out, in].</summary>
    protected Parameter Update => (update ??= CreateUpdate()).Value;

    /// <summary>dW as a function of the method's tensors, dimensions [out, in].</summary>
    private protected abstract DerivedParameter CreateUpdate();

    /// <inheritdoc/>
    public override Tensor Forward(Tape tape, Tensor x) => tape.MatMulInto(Drop(tape, x), Update, Base(tape, x));

    /// <inheritdoc/>
    public override float[] EffectiveWeight(float[] weight)
    {
        var delta = Update.Value;
        for (var i = 0; i < weight.Length; i++) weight[i] += delta[i];
        return weight;
    }
}
