using Tenon.Checkpoints;
using Tenon.Checkpoints.Gguf;
using Tenon.Tests.Support;

namespace Tenon.Tests.Checkpoints.Gguf;

/// <summary>Dequantised values against those of the gguf package, bit for bit.</summary>
public class GgufGoldenTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_tensor_of_every_golden_model_has_the_reference_bits()
    {
        var folder = Path.Combine(GoldenFolder.Require("models"), "gguf");
        int files = 0, tensors = 0;
        foreach (var path in Directory.EnumerateFiles(folder, "*.gguf").Order())
        {
            using var gguf = GgufFile.Open(path);
            using var expected = SafetensorsFile.Open(Path.ChangeExtension(path, ".dequant.safetensors"));
            foreach (var t in expected.Tensors.Values)
            {
                gguf.Tensor(t.Name).Shape.ShouldBe(t.Shape, $"{path} {t.Name}");
                var got = new float[t.Count];
                gguf.Read(t.Name, 0, got);
                FirstDifference(expected.ReadFloats(t.Name), got).ShouldBe(-1, $"{path} {t.Name}");
                tensors++;
            }
            files++;
        }
        output.WriteLine($"{tensors} tensors of {files} files");
        files.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Every_block_format_has_the_reference_bits()
    {
        using var blocks = SafetensorsFile.Open(Path.Combine(GoldenFolder.Require("models"), "gguf", "raw-blocks.safetensors"));
        var formats = blocks.Tensors.Keys.Where(k => k.EndsWith(".raw")).Select(k => k[..^4]).ToArray();
        foreach (var name in formats)
        {
            var expected = blocks.ReadFloats($"{name}.values");
            FirstDifference(expected,
                Dequantize(Enum.Parse<GgufType>(name, ignoreCase: true), blocks.Bytes($"{name}.raw"), expected.Length))
                .ShouldBe(-1, name);
        }
        output.WriteLine($"{formats.Length} formats: {string.Join(", ", formats)}");
        formats.Length.ShouldBeGreaterThan(0);
    }

    private static unsafe float[] Dequantize(GgufType type, ReadOnlySpan<byte> raw, int count)
    {
        var result = new float[count];
        fixed (byte* from = raw) GgufTypes.Find(type)!.Dequantize!(from, result);
        return result;
    }

    private static int FirstDifference(float[] expected, float[] got)
    {
        got.Length.ShouldBe(expected.Length);
        for (var i = 0; i < got.Length; i++)
            if (BitConverter.SingleToInt32Bits(got[i]) != BitConverter.SingleToInt32Bits(expected[i])) return i;
        return -1;
    }
}
