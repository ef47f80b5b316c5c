using System.Text;
using Tenon.Checkpoints.Gguf;

namespace Tenon.Tests.Support;

/// <summary>Writes small GGUF files for tests, right or wrong ones.</summary>
public sealed class GgufBuilder
{
    private readonly List<(string Key, uint Type, Action<BinaryWriter> Write)> _keys = [];
    private readonly List<(string Name, GgufType Type, long[] Shape, byte[] Bytes, ulong? Offset)> _tensors = [];

    public uint Version { get; set; } = 3;

    public byte[] Magic { get; set; } = "GGUF"u8.ToArray();

    public int Alignment { get; set; } = 32;

    public GgufBuilder Key(string key, string value) => Raw(key, 8, w => Text(w, value));

    public GgufBuilder Key(string key, uint value) => Raw(key, 4, w => w.Write(value));

    public GgufBuilder Key(string key, float value) => Raw(key, 6, w => w.Write(value));

    public GgufBuilder Key(string key, bool value) => Raw(key, 7, w => w.Write(value));

    public GgufBuilder Key(string key, params string[] values) => Raw(key, 9, w =>
    {
        w.Write(8u);
        w.Write((ulong)values.Length);
        foreach (var v in values) Text(w, v);
    });

    public GgufBuilder Key(string key, params int[] values) => Raw(key, 9, w =>
    {
        w.Write(5u);
        w.Write((ulong)values.Length);
        foreach (var v in values) w.Write(v);
    });

    /// <summary>A key whose value is written by hand.</summary>
    public GgufBuilder Raw(string key, uint type, Action<BinaryWriter> write)
    {
        _keys.Add((key, type, write));
        return this;
    }

    /// <summary>A tensor; the shape is row-major, the offset computed where it is null.</summary>
    public GgufBuilder Tensor(string name, GgufType type, long[] shape, byte[] bytes, ulong? offset = null)
    {
        _tensors.Add((name, type, shape, bytes, offset));
        return this;
    }

    public GgufBuilder Tensor(string name, long[] shape, float[] values) =>
        Tensor(name, GgufType.F32, shape, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    public byte[] Build()
    {
        var stream = new MemoryStream();
        var w = new BinaryWriter(stream);
        w.Write(Magic);
        w.Write(Version);
        w.Write((ulong)_tensors.Count);
        w.Write((ulong)_keys.Count);
        foreach (var (key, type, write) in _keys)
        {
            Text(w, key);
            w.Write(type);
            write(w);
        }
        ulong next = 0;
        foreach (var t in _tensors)
        {
            Text(w, t.Name);
            w.Write((uint)t.Shape.Length);
            foreach (var n in t.Shape.Reverse()) w.Write((ulong)n);
            w.Write((uint)t.Type);
            w.Write(t.Offset ?? next);
            next = (next + (ulong)t.Bytes.Length + (ulong)Alignment - 1) / (ulong)Alignment * (ulong)Alignment;
        }
        foreach (var t in _tensors)
        {
            while (stream.Length % Alignment != 0) w.Write((byte)0);
            w.Write(t.Bytes);
        }
        return stream.ToArray();
    }

    private static void Text(BinaryWriter w, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        w.Write((ulong)bytes.Length);
        w.Write(bytes);
    }
}
