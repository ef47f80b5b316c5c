using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// Riemannian preconditioning of LoRA (Zhang and Pilanci 2024): g_A becomes (B^T B + eps I)^-1 g_A and g_B becomes g_B (A A^T + eps I)^-1,
/// both with the factors before the
/// step, so that the size of a step in B A does not depend on how the product is split. Works under any update rule.
/// </summary>
internal static class Riemannian
{
    /// <summary>The transforms of each pair of factors.</summary>
    public static Dictionary<Parameter, OptimizerPart> Parts(AdapterSet adapter, double ridge)
    {
        if (!(ridge > 0)) throw new TenonException("adapter.riemannian-reg", "a number above 0: B starts at zero", $"{ridge}", usage: true);
        var parts = new Dictionary<Parameter, OptimizerPart>();
        foreach (var part in adapter.Linears.OfType<LoraLayer>())
        {
            var (a, b) = (part.A, part.B);
            var gram = new GramInverse((int)a.Rows);
            if (a.Trainable)
                parts[a] = new OptimizerPart(Transform: gradient =>
                {
                    gram.OfColumns(b.Value, ridge);
                    gram.FromLeft(gradient);
                });
            if (b.Trainable)
                parts[b] = new OptimizerPart(Transform: gradient =>
                {
                    gram.OfRows(a.Value, ridge);
                    gram.FromRight(gradient);
                });
        }

        return parts;
    }
}
