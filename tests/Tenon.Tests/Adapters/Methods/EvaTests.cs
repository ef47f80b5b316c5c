using System.Text.Json;
using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Tensors.Linalg;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>EVA's start: principal directions of what a layer reads, and ranks shared out by what they explain.</summary>
public class EvaTests
{
    private static readonly int[][] S_prompts =
        [[3, 14, 15, 9, 26, 5, 35, 8, 9, 7], [9, 32, 3, 8, 46, 2, 6, 4, 3, 38, 32, 11], [7, 9, 50, 28, 1, 44, 21]];

    private static AdapterSettings Settings(double rho = 1) => new()
    {
        Method = "eva",
        Rank = 4,
        Start = new() { Calibration = S_prompts },
        Options = AdapterSettings.Texts(new Dictionary<string,
        string>
        { ["rho"] = rho.ToString(System.Globalization.CultureInfo.InvariantCulture) }),
    };

    [Fact]
    public void A_starts_at_principal_directions_of_the_first_layers_inputs()
    {
        var model = RandomModel.Create();
        using var set = AdapterMethod.Of("eva").Create(model, Settings());
        var parts = set.Linears.Cast<LoraLayer>().ToList();
        // Query, key and value read the same rows; directions are orthonormal.
        parts[1].A.ToArray().ShouldBe(parts[0].A.ToArray());
        parts[2].A.ToArray().ShouldBe(parts[0].A.ToArray());
        foreach (var part in parts)
        {
            var a = Matrix.From(part.A);
            (a.TimesTranspose(a) - Matrix.Identity(4)).MaxAbs().ShouldBeLessThan(1e-6);
            part.B.ToArray().ShouldAllBe(b => b == 0);
        }
    }

    [Fact]
    public void Ranks_go_where_they_explain_most_and_keep_the_budget_and_the_scale()
    {
        var model = RandomModel.Create();
        using var even = AdapterMethod.Of("eva").Create(model, Settings());
        using var shared = AdapterMethod.Of("eva").Create(model, Settings(2));
        var ranks = shared.Linears.Cast<LoraLayer>().Select(l => (int)l.A.Rows).ToList();
        ranks.Sum().ShouldBe(4 * even.Linears.Count);
        ranks.Distinct().Count().ShouldBeGreaterThan(1);
        ranks.ShouldAllBe(r => r <= 8);
        foreach (var part in shared.Linears.Cast<LoraLayer>()) part.Scale.ShouldBe(2, 1e-6f);
    }

    [Fact]
    public void Shared_ranks_go_through_a_folder()
    {
        var model = RandomModel.Create();
        using var folder = new TempFolder();
        using var set = AdapterMethod.Of("eva").Create(model, Settings(2));
        PeftFolder.Save(set, folder.Path, "base");
        // PEFT takes a rank of 4.0 for no integer.
        File.ReadAllText(Path.Combine(folder.Path, PeftFolder.ConfigFile)).ShouldNotContain("_proj\": 4.0");
        using var again = PeftFolder.Load(model, folder.Path);
        again.Method.Name.ShouldBe("eva");
        again.Tensors.Select(t => t.Name).ShouldBe(set.Tensors.Select(t => t.Name));
        foreach (var (left, right) in set.Tensors.Zip(again.Tensors)) right.Tensor.ToArray().ShouldBe(left.Tensor.ToArray());
    }

    /// <summary>
    /// PEFT's own start on the reference's model (Golden/adapters/eva.json): ranks, and A up to signs. Its randomised decomposition is
    /// exact there, because rho times rank covers the inputs' rank.
    /// Only layers that read alone are compared when whitened: for layers that share their inputs PEFT divides one and the same matrix once
    /// a layer.
    /// </summary>
    [Fact]
    public void Ranks_and_directions_are_those_of_peft()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "adapters", "eva.json")));
        var peft = document.RootElement;
        using var golden = AdapterGolden.Open(peft.GetProperty("base").GetString()!);
        Assert.SkipUnless(golden.Model.Config is { HiddenSize: 32, NumHiddenLayers: 2 }, "the numbers belong to another model");
        int[][] ids = [.. peft.GetProperty("ids").EnumerateArray().Select(r => r.EnumerateArray().Select(i => i.GetInt32()).ToArray())];
        using var set = AdapterMethod.Of("eva")
            .Create(golden.Model, Settings(3)
            with
            {
                Start = new() { Calibration = ids },
                Options = AdapterSettings.Texts(new Dictionary<string, string> { ["rho"] = "3", ["whiten"] = "true" })
            });
        foreach (var part in set.Linears.Cast<LoraLayer>())
        {
            part.A.Rows.ShouldBe((nint)peft.GetProperty("ranks").GetProperty(part.Layer.Path).GetInt32(), part.Layer.Path);
            if (!peft.GetProperty("A").TryGetProperty(part.Layer.Path, out var rows)) continue;
            for (var k = 0; k < (int)part.A.Rows; k++)
            {
                var own = part.A.Value.Slice(k * part.Layer.Inputs, part.Layer.Inputs).ToArray();
                double[] theirs = [.. rows[k].EnumerateArray().Select(v => v.GetDouble())];
                var sign = Math.Sign(own.Zip(theirs).Sum(p => p.First * p.Second));
                AdapterGolden.Distance(own, [.. theirs.Select(v => sign * v)]).ShouldBeLessThan(1e-5, $"{part.Layer.Path} {k}");
            }
        }
    }

    [Fact]
    public void Too_few_tokens_are_an_error()
    {
        var settings = Settings() with { Start = new() { Calibration = [[1, 2, 3]] } };
        Should.Throw<TenonException>(() => AdapterMethod.Of("eva")
            .Create(RandomModel.Create(), settings)).Message.ShouldContain("too few tokens");
    }
}
