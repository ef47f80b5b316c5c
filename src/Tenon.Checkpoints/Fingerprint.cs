using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Tenon.Checkpoints;

/// <summary>
/// A name for a set of weights that follows from their contents: SHA-256 over every tensor's name, stored type, shape and stored bytes, in
/// the order
/// of names. One file or shards, wherever they lie, give the same fingerprint; another storage type gives another.
/// </summary>
public static class Fingerprint
{
    private const int Chunk = 1 << 20;

    /// <summary>64 lower-case hexadecimal digits. Reads every weight once.</summary>
    public static string Of(IWeightSource source)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var info in source.Tensors.Values.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{info.Name}\n{info.Storage}\n{string.Join(',', info.Shape)}\n"));
            if (source is IStoredBytes stored) AppendStored(hash, stored, info.Name);
            else AppendValues(hash, source, info);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void AppendStored(IncrementalHash hash, IStoredBytes stored, string name)
    {
        var length = stored.StoredLength(name);
        for (long at = 0; at < length; at += Chunk) hash.AppendData(stored.Stored(name, at, (int)Math.Min(Chunk, length - at)));
    }

    /// <summary>A source that stores no bytes (weights made in memory) is hashed by its float32 values.</summary>
    private static void AppendValues(IncrementalHash hash, IWeightSource source, WeightInfo info)
    {
        if (info.Count == 0) return;
        var step = Math.Max(1, Chunk / 4 / info.Columns);
        var buffer = new float[step * info.Columns];
        for (long row = 0; row < info.Rows; row += step)
        {
            var part = buffer.AsSpan(0, (int)(Math.Min(step, info.Rows - row) * info.Columns));
            source.Read(info.Name, row, part);
            hash.AppendData(MemoryMarshal.AsBytes(part));
        }
    }
}
