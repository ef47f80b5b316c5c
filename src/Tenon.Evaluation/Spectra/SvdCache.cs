using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tenon.Tensors.Linalg;

namespace Tenon.Evaluation.Spectra;

/// <summary>
/// Decompositions of weights in a folder, one file a matrix, named by the SHA-256 of its shape and float64 values: the same weight is
/// decomposed once, whichever model or adapter it comes with. A file is U, S, Vt and the errors in float64, row-major, behind a line that
/// says so and a checksum; one that is cut or changed is made anew. Files are whole or not there, so that threads and processes may share
/// the folder.
/// </summary>
/// <param name="folder">Where the files lie; null keeps nothing.</param>
public sealed class SvdCache(string? folder)
{
    private static readonly byte[] S_magic = "tenon svd 2\n"u8.ToArray();
    private static readonly TimeSpan S_stale = TimeSpan.FromDays(1);
    private const int Chunk = 1 << 20;
    private readonly ConcurrentDictionary<string, WeightSpectrum>? _kept;
    private long _written;
    private int _found;
    private int _swept;

    private SvdCache(ConcurrentDictionary<string, WeightSpectrum> kept)
        : this((string?)null) => _kept = kept;

    /// <summary>Decompositions that stay in memory as long as this does: about 16 bytes an entry of a square weight.</summary>
    internal static SvdCache InMemory() => new(new ConcurrentDictionary<string, WeightSpectrum>());

    /// <summary>Bytes written by this process.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Decompositions that the folder had.</summary>
    public int Found => Volatile.Read(ref _found);

    /// <summary>The decomposition of W that the settings ask for, from the folder where it is there.</summary>
    public WeightSpectrum Of(Matrix w, SpectraSettings settings)
    {
        var top = settings.TopOf(w.Rows, w.Columns);
        if (_kept is not null) return _kept.GetOrAdd(Name(w, top, settings.Seed), _ => WeightSpectrum.Of(w, top, settings.Seed));
        if (folder is null) return WeightSpectrum.Of(w, top, settings.Seed);
        var file = Path.Combine(folder, Name(w, top, settings.Seed));
        var directions = Math.Min(w.Rows, w.Columns);
        var known = top ?? directions;
        if (Read(file, w.Rows * known, known, known * w.Columns, 2) is [var u, var s, var vt, var errors])
        {
            Interlocked.Increment(ref _found);
            return new(new(Matrix.Over(u, w.Rows, known), s, Matrix.Over(vt, known, w.Columns)), directions)
            {
                ValueError = errors[0], RangeError = errors[1], Seed = settings.Seed,
            };
        }

        var made = WeightSpectrum.Of(w, top, settings.Seed);
        Sweep(folder);
        double[][] parts = [made.Svd.U.Values.ToArray(), made.Svd.S, made.Svd.Vt.Values.ToArray(), [made.ValueError, made.RangeError]];
        AtomicFile.Write(file, stream =>
        {
            stream.Write(S_magic);
            stream.Write(Checksum(parts));
            foreach (var part in parts)
                foreach (var chunk in Chunks(part)) stream.Write(MemoryMarshal.AsBytes(chunk.Span));
        });
        Interlocked.Add(ref _written, new FileInfo(file).Length);
        return made;
    }

    private static string Name(Matrix w, int? top, ulong seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(w.Rows));
        hash.AppendData(BitConverter.GetBytes(w.Columns));
        foreach (var chunk in Chunks(w.Values.ToArray())) hash.AppendData(MemoryMarshal.AsBytes(chunk.Span));
        var part = top is { } k ? string.Create(CultureInfo.InvariantCulture, $"-first-{k}-seed-{seed}") : "";
        return Convert.ToHexStringLower(hash.GetHashAndReset()) + part + ".svd";
    }

    private static byte[] Checksum(IEnumerable<double[]> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
            foreach (var chunk in Chunks(part)) hash.AppendData(MemoryMarshal.AsBytes(chunk.Span));
        return hash.GetHashAndReset();
    }

    // A matrix may have more bytes than a span counts.
    private static IEnumerable<Memory<double>> Chunks(double[] values)
    {
        for (var at = 0; at < values.Length; at += Chunk) yield return values.AsMemory(at, Math.Min(Chunk, values.Length - at));
    }

    /// <summary>The arrays of a file, of the lengths that are expected; null where the file is missing, cut or changed.</summary>
    private static double[][]? Read(string file, params int[] lengths)
    {
        try
        {
            if (!File.Exists(file)) return null;
            using var stream = SharedFile.Open(file);
            if (stream.Length != S_magic.Length + SHA256.HashSizeInBytes + (sizeof(double) * lengths.Sum(l => (long)l))) return null;
            var head = new byte[S_magic.Length + SHA256.HashSizeInBytes];
            stream.ReadExactly(head);
            double[][] parts = [.. lengths.Select(l => new double[l])];
            foreach (var part in parts)
                foreach (var chunk in Chunks(part)) stream.ReadExactly(MemoryMarshal.AsBytes(chunk.Span));
            return head.AsSpan(0, S_magic.Length).SequenceEqual(S_magic)
                && head.AsSpan(S_magic.Length).SequenceEqual(Checksum(parts)) ? parts : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Removes what a process that was killed while writing left behind, once it is old enough to be nobody's.</summary>
    private void Sweep(string place)
    {
        if (Interlocked.Exchange(ref _swept, 1) != 0 || !Directory.Exists(place)) return;
        foreach (var left in Directory.EnumerateFiles(place, ".*.svd.*.tmp"))
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(left) > S_stale) File.Delete(left);
    }
}
