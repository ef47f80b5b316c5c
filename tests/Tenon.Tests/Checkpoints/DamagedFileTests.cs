using Tenon.Checkpoints;
using Tenon.Checkpoints.Gguf;
using Tenon.Models.Config;
using Tenon.Tests.Support;

namespace Tenon.Tests.Checkpoints;

/// <summary>Files with random damage: they open or give an error a person can act on; nothing else ever happens.</summary>
public class DamagedFileTests
{
    private const int Rounds = 3000;

    [Fact]
    public void A_damaged_safetensors_file_opens_or_is_refused()
    {
        var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, "m",
            [SafetensorsEntry.FromFloats("a", [2, 2], new float[4]), SafetensorsEntry.FromLongs("b", [2], new long[2])]);
        var good = stream.ToArray();
        Damage(good, bytes =>
        {
            using var file = SafetensorsFile.FromMemory("m", bytes);
            foreach (var t in file.Tensors.Values.Where(t => t.Type == SafetensorsType.F32)) file.ReadFloats(t.Name);
        }).ShouldBeGreaterThan(Rounds / 10);
    }

    [Fact]
    public void A_damaged_GGUF_file_opens_or_is_refused()
    {
        var good = new GgufBuilder().Key("general.architecture", "llama").Key("tokens", "a", "b").Key("ints", 1, 2).Key("f", 0.5f)
            .Tensor("w", GgufType.Q8_0, [2, 32], new byte[68]).Tensor("v", [3], [1, 2, 3]).Build();
        Damage(good, bytes =>
        {
            using var file = GgufFile.FromMemory("m", bytes);
            foreach (var t in file.Tensors.Values.Where(t => t.Count < 1 << 20)) file.Read(t.Name, 0, new float[t.Count]);
        }).ShouldBeGreaterThan(Rounds / 10);
    }

    [Fact]
    public void A_damaged_configuration_is_read_or_refused()
    {
        using var folder = new TempFolder();
        TinyModel.Write(folder["m"],
            TinyModel.Config("llama")
            with
            { RopeScaling = new() { Type = RopeType.Llama3, Factor = 8, OriginalMaxPositionEmbeddings = 32 } });
        var good = File.ReadAllBytes(Path.Combine(folder["m"], "config.json"));
        Damage(good, bytes => RotaryFrequencies.For(HuggingFaceConfig.Parse("config.json", bytes) with { HeadDim = 8 }, 100))
            .ShouldBeGreaterThan(Rounds / 10);
    }

    /// <summary>Changes up to four bytes at a time; counts how often the file was refused.</summary>
    private static int Damage(byte[] good, Action<byte[]> open)
    {
        var random = new Random(11);
        var refused = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = good.ToArray();
            for (var k = random.Next(4); k >= 0; k--)
                bytes[random.Next(bytes.Length)] = (byte)(random.Next(3) == 0 ? 255 : random.Next(256));
            try
            {
                open(bytes);
            }
            catch (TenonException)
            {
                refused++;
            }
        }
        return refused;
    }
}
