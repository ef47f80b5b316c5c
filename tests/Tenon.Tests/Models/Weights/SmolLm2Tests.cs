using System.Diagnostics;
using Tenon.Models.Weights;
using Tenon.Tests.Support;

namespace Tenon.Tests.Models.Weights;

/// <summary>A real model where one is at hand.</summary>
public class SmolLm2Tests(ITestOutputHelper output)
{
    [Fact]
    public void SmolLM2_opens_from_GGUF_and_all_its_values_are_finite()
    {
        var path = Path.Combine(GoldenFolder.RequireModels(), "SmolLM2-135M-Instruct.Q4_1.gguf");
        Assert.SkipUnless(File.Exists(path), $"there is no '{path}'");
        var watch = Stopwatch.StartNew();
        using var model = ModelSource.Open(path);
        var opened = watch.Elapsed;
        model.Config.ModelType.ShouldBe("llama");
        (model.Config.HiddenSize, model.Config.NumHiddenLayers, model.Config.NumAttentionHeads,
            model.Config.NumKeyValueHeads).ShouldBe((576, 30, 9, 3));
        (model.Config.VocabSize, model.Config.RopeTheta, model.Config.TieWordEmbeddings,
            model.Config.RmsNormEps).ShouldBe((49152, 100000, true, 1e-5));
        model.Config.EosTokenIds.ShouldBe([2]);
        for (var round = 0; round < 3; round++)
        {
            watch.Restart();
            long values = 0;
            var buffer = new float[1 << 20];
            foreach (var t in model.Weights.Tensors.Values)
            {
                var step = Math.Max(1, buffer.Length / t.Columns);
                for (long row = 0; row < t.Rows; row += step)
                {
                    var part = buffer.AsSpan(0, (int)(Math.Min(step, t.Rows - row) * t.Columns));
                    model.Weights.Read(t.Name, row, part);
                    values += part.Length;
                }
            }
            output.WriteLine($"opened in {opened.TotalSeconds:F3} s; {values} values read in {watch.Elapsed.TotalSeconds:F3} s");
            values.ShouldBe(134515008);
        }
    }
}
