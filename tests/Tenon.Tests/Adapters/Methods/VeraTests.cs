using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>VeRA's shared matrices: PyTorch's draws, in the file or not.</summary>
public class VeraTests
{
    [Fact]
    public void Draws_pefts_matrices_to_the_bit()
    {
        using var golden = AdapterGolden.OfCase("vera-saved");
        var folder = Path.Combine(golden.Root, "vera-saved", "adapter");
        using var read = PeftFolder.Load(golden.Model, folder);
        using var file = SafetensorsFile.Open(Path.Combine(folder, PeftFolder.TensorFile));
        var settings = read.Settings;
        read.Dispose();
        using var drawn = AdapterMethod.Of("vera").Create(golden.Model, settings);
        foreach (var (name, tensor) in drawn.Tensors.Where(t => t.Name.StartsWith("base_model.vera_", StringComparison.Ordinal))
            .DistinctBy(t => t.Name))
            tensor.ToArray().ShouldBe(file.ReadFloats(name), name);
    }

    [Fact]
    public void A_folder_that_says_it_holds_the_matrices_must_hold_them()
    {
        using var folder = new TempFolder();
        var model = RandomModel.Create();
        using (var adapter = AdapterMethod.Of("vera")
            .Create(model,
            new AdapterSettings
            {
                Method = "vera", Rank = 4,
                Options = AdapterSettings.Texts(new Dictionary<string, string> { ["save-projection"] = "false" })
            }))
            PeftFolder.Save(adapter, folder.Path, "base");
        PeftFolder.Load(model, folder.Path).Dispose();
        var config = Path.Combine(folder.Path, PeftFolder.ConfigFile);
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"save_projection\": false", "\"save_projection\": true"));
        Should.Throw<TenonException>(() => PeftFolder.Load(model, folder.Path)).Message.ShouldContain("vera_A");
    }
}
