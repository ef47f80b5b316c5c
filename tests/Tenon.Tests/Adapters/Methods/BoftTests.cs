using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Models;
using Tenon.Models.Decoders;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tests.Support;
using Tenon.Tests.Tensors.Ops;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>BOFT with several butterfly factors, as a folder may have them.</summary>
public class BoftTests
{
    private static readonly int[] S_ids = [3, 14, 15, 9, 26, 5];

    [Fact]
    public void Several_factors_merge_to_the_same_function_and_go_through_a_folder()
    {
        using var folder = new TempFolder();
        var model = RandomModel.Create();
        using var set = AdapterMethod.Of("boft")
            .Create(model,
            new AdapterSettings
            {
                Method = "boft", Targets = "q_proj,v_proj",
                Options = AdapterSettings.Texts(new Dictionary<string, string> { ["block-size"] = "4" })
            });
        foreach (var part in set.Linears.OfType<BoftLayer>()) part.UseFactors(3);
        var plain = Logits(model, null);
        Distance(Logits(model, set), plain).ShouldBeLessThan(1e-5);
        var key = new RandomKey(5);
        uint draw = 0;
        foreach (var tensor in set.Trainable)
        {
            var place = draw++;
            tensor.Update(values =>
            {
                for (var i = 0; i < values.Length; i++)
                    values[i] += (float)(0.3 * key.Normal(RandomPurpose.ModelInit, 0, place, 0, (uint)i));
            });
        }

        var turned = Logits(model, set);
        Distance(turned, plain).ShouldBeGreaterThan(1e-2);
        using var weights = MergedWeights.Of(set);
        Distance(Logits(DecoderBuilder.Build(model.Config, weights, new LoadOptions(MaxLength: 256), "merged"), null), turned)
            .ShouldBeLessThan(1e-4);
        PeftFolder.Save(set, folder.Path, "base");
        File.ReadAllText(folder[PeftFolder.ConfigFile]).ShouldContain("\"boft_n_butterfly_factor\": 3");
        set.Dispose();
        using var again = PeftFolder.Load(model, folder.Path);
        Logits(model, again).ShouldBe(turned);
    }

    [Fact]
    public void A_factor_must_divide_the_inputs()
    {
        using var set = AdapterMethod.Of("boft")
            .Create(RandomModel.Create(),
            new AdapterSettings
            {
                Method = "boft", Targets = "q_proj",
                Options = AdapterSettings.Texts(new Dictionary<string, string> { ["block-size"] = "4" })
            });
        Should.Throw<TenonException>(() => ((BoftLayer)set.Linears[0]).UseFactors(5)).Message.ShouldContain("64");
    }

    [Fact]
    public void Chunks_move_with_their_gradient()
    {
        var x = GradientCheck.Random("x", 3, 8);
        GradientCheck.Run(t => t.MoveChunks(x, [2, 0, 3, 1], 2), [x]);
        new Tape().MoveChunks(x, [2, 0, 3, 1], 2).ToArray()[..2].ShouldBe(x.ToArray()[4..6]);
    }

    private static float[] Logits(CausalModel model, AdapterSet? set)
    {
        var (tape, batch) = (new Tape(), TokenBatch.Of([S_ids], set));
        return model.Logits(tape, model.Forward(tape, batch), batch).ToArray();
    }

    private static double Distance(float[] a, float[] b) => a.Zip(b).Max(p => Math.Abs((double)p.First - p.Second));
}
