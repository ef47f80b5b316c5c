using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Layers;

/// <summary>
/// Linear layers that read the same rows, and what makes these: in two jobs (<see cref="JoinedProductsOp"/>) where nothing is recorded and
/// each layer is a product with at most a narrow update; else op by op, with the same bits.
/// </summary>
internal static class JoinedLinears
{
    /// <summary>Results of up to <see cref="JoinedProductsOp.Most"/> layers of norm(x).</summary>
    public static void OfNorm(Tape tape, RmsNorm norm, Tensor x, TokenBatch batch, ReadOnlySpan<Linear> layers, Span<Tensor> results)
    {
        Span<JoinedProduct> products = [default, default, default];
        if (norm.Slot is null && norm.Weight.Length == x.Columns && Join(tape, batch, layers, products))
        {
            tape.JoinedOfNorm(x, norm.Weight, norm.Epsilon, products[..layers.Length], results);
            return;
        }

        var normed = Tape.ReadByMany(norm.Forward(tape, x, batch));
        for (var i = 0; i < layers.Length; i++) results[i] = layers[i].Forward(tape, normed, batch);
        tape.LetGo(normed);
    }

    /// <summary>The result of a layer of silu(gate) up.</summary>
    public static Tensor OfGate(Tape tape, Tensor gate, Tensor up, TokenBatch batch, Linear layer)
    {
        Span<JoinedProduct> products = [default];
        if (Join(tape, batch, [layer], products))
        {
            Span<Tensor> result = [gate];
            tape.JoinedOfGate(gate, up, products, result);
            return result[0];
        }

        var inner = tape.SwiGlu(gate, up);
        var y = layer.Forward(tape, inner, batch);
        tape.LetGo(inner);
        return y;
    }

    /// <summary>The result of a layer of x.</summary>
    public static Tensor Of(Tape tape, Tensor x, TokenBatch batch, Linear layer)
    {
        Span<JoinedProduct> products = [default];
        if (!Join(tape, batch, [layer], products)) return layer.Forward(tape, x, batch);
        Span<Tensor> result = [x];
        tape.Joined(x, products, result);
        return result[0];
    }

    private static bool Join(Tape tape, TokenBatch batch, ReadOnlySpan<Linear> layers, Span<JoinedProduct> products)
    {
        var joins = tape.Joins();
        for (var i = 0; joins && i < layers.Length; i++)
        {
            var product = layers[i].Joined(batch);
            (joins, products[i]) = (product is not null, product.GetValueOrDefault());
        }

        return joins;
    }
}
