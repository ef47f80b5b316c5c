using Tenon.Models;
using Tenon.Models.Layers;
using Tenon.Tensors;

namespace Tenon.Adapters;

/// <summary>
/// What goes into chosen linear layers of the base model while it reads some sequences: an adapter that changes nothing and copies its
/// inputs. Layers are taken a few at
/// a time, so that their inputs fit into memory whatever the model's depth; layers that read the same tensor share one copy.
/// </summary>
internal static class ActivationProbe
{
    private const int LayersAtOnce = 16;

    /// <summary>Calls <paramref name="visit"/> with layers and the inputs [tokens, in] that they share, in model order.</summary>
    public static void Run(AdapterSet owner, IReadOnlyList<Linear> layers, IReadOnlyList<int[]> sequences, Action<IReadOnlyList<Linear>,
        float[]> visit)
    {
        for (var first = 0; first < layers.Count; first += LayersAtOnce)
        {
            using var probe = new AdapterSet("probe", owner.Method, owner.Settings, owner.Model);
            var seen = new Last();
            foreach (var layer in layers.Skip(first).Take(LayersAtOnce)) probe.Add(new Part(layer, seen));
            probe.Attach();
            foreach (var ids in sequences) Read(owner.Model, TokenBatch.Of([ids], probe));
            foreach (var group in probe.Linears.Cast<Part>().GroupBy(p => p.Inputs[0], ReferenceEqualityComparer.Instance))
                visit([.. group.Select(p => p.Layer)], [.. group.First().Inputs.SelectMany(x => x)]);
        }
    }

    private static void Read(CausalModel model, TokenBatch batch)
    {
        var tape = new Tape();
        model.Logits(tape, model.Forward(tape, batch), batch);
    }

    /// <summary>The tensor that was copied last, and its copy.</summary>
    private sealed class Last
    {
        public Tensor? Tensor { get; set; }

        public float[] Copy { get; set; } = [];
    }

    private sealed class Part(Linear layer, Last last) : LinearAdapter(layer)
    {
        public List<float[]> Inputs { get; } = [];

        public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [];

        public override Tensor Forward(Tape tape, Tensor x)
        {
            if (!ReferenceEquals(last.Tensor, x)) (last.Tensor, last.Copy) = (x, x.ToArray());
            Inputs.Add(last.Copy);
            return Layer.Base(tape, x);
        }

        public override float[] EffectiveWeight(float[] weight) => weight;
    }
}
