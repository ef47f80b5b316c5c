using System.Text.Json;
using Tenon.Models.Config;
using Tenon.Models.Weights;
using Tenon.Tests.Support;

namespace Tenon.Tests.Models.Config;

/// <summary>Every golden model opens, and its rotary frequencies are those of the reference.</summary>
public class ConfigGoldenTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_golden_folder_opens_and_has_the_reference_frequencies()
    {
        var folders = Directory.EnumerateDirectories(GoldenFolder.Require("models")).Where(f => File.Exists(Path.Combine(f, "case.json")))
            .Order().ToArray();
        foreach (var folder in folders)
        {
            using var model = ModelSource.Open(folder);
            using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
            model.Config.ModelType.ShouldBe(document.RootElement.GetProperty("family").GetString());
            var expected = document.RootElement.GetProperty("inverse_frequencies").EnumerateArray().Select(x => x.GetDouble()).ToArray();
            var got = RotaryFrequencies.For(model.Config, 1).InverseFrequencies;
            got.Length.ShouldBe(expected.Length, folder);
            for (var i = 0; i < got.Length; i++) got[i].ShouldBe(expected[i], 1e-14 * expected[i], $"{folder} {i}");
        }
        output.WriteLine($"{folders.Length} folders");
        folders.Length.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Every_golden_gguf_opens_with_all_its_tensors()
    {
        var files = Directory.EnumerateFiles(Path.Combine(GoldenFolder.Require("models"), "gguf"), "*.gguf").Order().ToArray();
        foreach (var file in files)
        {
            using var model = ModelSource.Open(file);
            foreach (var t in model.Weights.Tensors.Values) model.Weights.Read(t.Name, 0, new float[t.Count]);
        }
        output.WriteLine($"{files.Length} files");
        files.Length.ShouldBeGreaterThan(0);
    }
}
