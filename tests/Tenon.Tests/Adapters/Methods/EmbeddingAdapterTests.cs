using Tenon.Adapters;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models;
using Tenon.Models.Decoders;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>
/// Methods that adapt the embedding and the head beside linear layers: start, derivative, merge, and PEFT's files, which repeat the frozen
/// matrix of an adapted end.
/// </summary>
public class EmbeddingAdapterTests
{
    private static readonly int[] Ids = [3, 14, 15, 9, 26, 5];

    [Theory]
    [InlineData("lora")]
    [InlineData("dora")]
    [InlineData("hira")]
    public void Starts_at_the_base_counts_and_merges_to_its_function(string method)
    {
        var model = RandomModel.Create(RandomModel.SmallConfig(tied: false));
        var settings = new AdapterSettings { Method = method, Rank = 3, Targets = "embed_tokens,q_proj" };
        using var set = AdapterMethod.Of(method).Create(model, settings);
        var plain = Logits(model, null);
        Difference(Logits(model, set), plain).ShouldBeLessThan(method == "dora" ? 1e-5 : 1e-12);
        AdapterMethod.Of(method).Count(model.Config, settings).ShouldBe(set.TrainableCount);
        Move(set);
        var adapted = Logits(model, set);
        Difference(adapted, plain).ShouldBeGreaterThan(1e-2);
        using var weights = MergedWeights.Of(set);
        Difference(Logits(DecoderBuilder.Build(model.Config, weights, new LoadOptions(MaxLength: 256), "merged"), null), adapted)
            .ShouldBeLessThan(1e-4);
    }

    [Theory]
    [InlineData("dora")]
    [InlineData("hira")]
    public void Gradient_is_the_derivative(string method)
    {
        var model = RandomModel.Create(RandomModel.SmallConfig(tied: false));
        using var set = AdapterMethod.Of(method).Create(model, new AdapterSettings { Method = method, Rank = 2, Targets = "embed_tokens" });
        Move(set);
        Loss(model, set, record: true);
        foreach (var (name, tensor) in set.Tensors)
        {
            // DoRA's norm counts as a constant: only the magnitudes have the whole derivative.
            if (method == "dora" && !name.EndsWith("magnitude_vector", StringComparison.Ordinal)) continue;
            var at = name.EndsWith("embedding_A", StringComparison.Ordinal) ? Ids[1] : 1;
            var gradient = tensor.GradientOrZero().ToArray()[at];
            const float step = 1e-2f;
            tensor.Update(v => v[at] += step);
            var above = Loss(model, set, record: false);
            tensor.Update(v => v[at] -= 2 * step);
            var below = Loss(model, set, record: false);
            tensor.Update(v => v[at] += step);
            Loss(model, set, record: true);
            ((double)gradient).ShouldBe((above - below) / (2 * step), 2e-2 * Math.Max(0.1, Math.Abs(gradient)), name);
        }
    }

    [Theory]
    [InlineData("lora", "embed_tokens,q_proj", "model.embed_tokens")]
    [InlineData("hira", "embed_tokens,q_proj", "model.embed_tokens")]
    [InlineData("ia3", "lm_head,q_proj", "lm_head")]
    [InlineData("oft", "lm_head,q_proj", "lm_head")]
    [InlineData("waveft", "lm_head,q_proj", "lm_head")]
    public void The_file_repeats_the_frozen_matrix_of_an_adapted_end(string method, string targets, string path)
    {
        using var folder = new TempFolder();
        using var set = AdapterMethod.Of(method)
            .Create(RandomModel.Create(RandomModel.SmallConfig(tied: false)),
            new AdapterSettings { Method = method, Rank = 2, Targets = targets, Options = AdapterSettings.Texts(Options(method)) });
        PeftFolder.Save(set, folder.Path, "base");
        using var file = SafetensorsFile.Open(folder[PeftFolder.TensorFile]);
        file.Tensors.Keys.ShouldContain($"base_model.model.{path}.base_layer.weight");
        set.Dispose();
        using var again = PeftFolder.Load(set.Model, folder.Path);
        again.Method.Name.ShouldBe(method);
    }

    /// <summary>
    /// What is trained beside the method (rows of tokens, a norm, biases, a whole layer) goes through the folder of every method whose
    /// files have a place for it, and is refused at once by the others.
    /// </summary>
    [Theory, MemberData(nameof(Methods))]
    public void What_is_trained_beside_the_method_goes_through_its_folder(string method)
    {
        var model = RandomModel.Create();
        using var folder = new TempFolder();
        var settings =
            new AdapterSettings
            {
                Method = method, Rank = 2, Targets = "v_proj", TrainableTokens = [9, 3],
                ModulesToSave = ["model.norm", "o_proj"], Bias = "all"
            };
        AdapterSet set;
        try
        {
            set = AdapterMethod.Of(method).Create(model, settings);
        }
        catch (TenonException e)
        {
            new[] { "no place for it", "nothing else trains",
                "at least one" }.ShouldContain(part => e.Message.Contains(part, StringComparison.Ordinal), e.Message);
            return;
        }

        Move(set);
        PeftFolder.Save(set, folder.Path, "base");
        var logits = Logits(model, set);
        set.Dispose();
        using var again = PeftFolder.Load(model, folder.Path);
        Logits(model, again).ShouldBe(logits);
    }

    public static TheoryData<string> Methods => [.. AdapterMethod.All.Keys];

    [Fact]
    public void A_tiny_lora_folder_of_pefts_may_name_the_embedding()
    {
        var model = RandomModel.Create(RandomModel.SmallConfig(tied: false));
        using var folder = new TempFolder();
        var config = PeftConfig.Create("TINYLORA", "base");
        (config["r"], config["u"], config["projection_seed"], config["save_projection"], config["target_modules"]) =
            (2, 5, 3, false, new System.Text.Json.Nodes.JsonArray("embed_tokens", "v_proj"));
        config.Write(folder.Path);
        var key = new RandomKey(4);
        List<SafetensorsEntry> entries = [];
        foreach (var (path, outputs, inputs) in
            new[] { ("model.embed_tokens", 67, 32), ("model.layers.0.self_attn.v_proj", 16, 32),
            ("model.layers.1.self_attn.v_proj", 16, 32) })
        {
            entries.Add(Entry($"base_model.model.{path}.tinylora_A", 2, inputs));
            entries.Add(Entry($"base_model.model.{path}.tinylora_B", outputs, 2));
        }

        for (var g = 0; g < 3; g++) entries.Add(Entry($"base_model.tinylora_v.{g}", 5));
        SafetensorsWriter.Write(folder[PeftFolder.TensorFile], entries);
        using var set = PeftFolder.Load(model, folder.Path);
        var adapted = Logits(model, set);
        Difference(adapted, Logits(model, null)).ShouldBeGreaterThan(1e-2);
        using var weights = MergedWeights.Of(set);
        Difference(Logits(DecoderBuilder.Build(model.Config, weights, new LoadOptions(MaxLength: 256), "merged"), null), adapted)
            .ShouldBeLessThan(1e-4);

        SafetensorsEntry Entry(string name, params long[] shape)
        {
            var draw = (uint)entries.Count;
            return SafetensorsEntry.FromFloats(name, shape,
                Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b))
                .Select(i => (float)key.Normal(RandomPurpose.ModelInit, 0, draw, 0, (uint)i)).ToArray());
        }
    }

    private static Dictionary<string, string> Options(string method) => method switch
    {
        "ia3" => new() { ["feedforward"] = "" },
        "oft" => new() { ["block-size"] = "8" },
        "waveft" => new() { ["frequencies"] = "10" },
        _ => [],
    };

    private static double Loss(CausalModel model, AdapterSet set, bool record)
    {
        var (tape, batch) = (new Tape { Recording = record }, TokenBatch.Of([Ids], set));
        foreach (var tensor in set.Trainable) tensor.ZeroGrad();
        int[] rows = [.. Enumerable.Range(0, Ids.Length - 1)];
        var head =
            model.LogProbabilities(tape, tape.SelectRows(model.Forward(tape, batch), rows), [.. rows.Select(r => Ids[r + 1])], batch);
        if (record) head.Backward([.. rows.Select(_ => 1f)]);
        return head.LogProbabilities.Sum(p => (double)p);
    }

    private static void Move(AdapterSet set)
    {
        var key = new RandomKey(17);
        uint index = 0;
        foreach (var parameter in set.Trainable)
        {
            var draw = index++;
            parameter.Update(values =>
            {
                for (var i = 0; i < values.Length; i++)
                    values[i] += (float)(0.1 * key.Normal(RandomPurpose.ModelInit, 0, draw, 0, (uint)i));
            });
        }
    }

    private static float[] Logits(CausalModel model, AdapterSet? set)
    {
        var (tape, batch) = (new Tape(), TokenBatch.Of([Ids], set));
        return model.Logits(tape, model.Forward(tape, batch), batch).ToArray();
    }

    private static double Difference(float[] a, float[] b) => a.Zip(b).Max(p => Math.Abs((double)p.First - p.Second));
}
