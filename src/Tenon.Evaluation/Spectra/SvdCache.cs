using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Tenon.Tensors.Linalg;

namespace Tenon.Evaluation.Spectra;

/// <summary>
/// Decompositions of weights in a folder, one file a matrix, named by the SHA-256 of its shape and float64 values: the same weight is
/// decomposed once,
/// whichever model or adapter it comes with. A file is U, S and Vt in float64, row-major, behind a line that says so; one that is cut or
/// changed is not used.
/// </summary>
/// <param name="folder">Where the files lie; null keeps nothing.</param>
public sealed class SvdCache(string? folder)
{
    private static readonly byte[] S_magic = "tenon svd 1\n"u8.ToArray();

    /// <summary>Bytes written by this process.</summary>
    public long Written { get; private set; }

    /// <summary>The decomposition of W, from the folder where it is there.</summary>
    public Svd Of(Matrix w)
    {
        if (folder is null) return Svd.Of(w);
        var (rows, columns) = (w.Rows, w.Columns);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(rows));
        hash.AppendData(BitConverter.GetBytes(columns));
        hash.AppendData(MemoryMarshal.AsBytes(w.Values));
        var file = Path.Combine(folder, Convert.ToHexStringLower(hash.GetHashAndReset()) + ".svd");
        var rank = Math.Min(rows, columns);
        var (u, s, vt) = (new Matrix(rows, rank), new double[rank], new Matrix(rank, columns));
        if (Read(file, u, s, vt)) return new(u, s, vt);
        var made = Svd.Of(w);
        Directory.CreateDirectory(folder);
        AtomicFile.Write(file, stream =>
        {
            foreach (var part in Parts(made)) stream.Write(part);
        });
        Written += new FileInfo(file).Length;
        return made;
    }

    private static IEnumerable<byte[]> Parts(Svd svd)
    {
        byte[] content =
            [.. MemoryMarshal.AsBytes(svd.U.Values), .. MemoryMarshal.AsBytes(svd.S.AsSpan()), .. MemoryMarshal.AsBytes(svd.Vt.Values)];
        return [S_magic, SHA256.HashData(content), content];
    }

    private static bool Read(string file, Matrix u, double[] s, Matrix vt)
    {
        var length = S_magic.Length + SHA256.HashSizeInBytes + (sizeof(double) * ((long)u.Values.Length + s.Length + vt.Values.Length));
        if (!File.Exists(file) || new FileInfo(file).Length != length) return false;
        var bytes = File.ReadAllBytes(file).AsSpan();
        if (!bytes[..S_magic.Length].SequenceEqual(S_magic)) return false;
        var content = bytes[(S_magic.Length + SHA256.HashSizeInBytes)..];
        if (!SHA256.HashData(content).AsSpan().SequenceEqual(bytes.Slice(S_magic.Length, SHA256.HashSizeInBytes))) return false;
        var numbers = MemoryMarshal.Cast<byte, double>(content);
        numbers[..u.Values.Length].CopyTo(u.Values);
        numbers.Slice(u.Values.Length, s.Length).CopyTo(s);
        numbers[(u.Values.Length + s.Length)..].CopyTo(vt.Values);
        return true;
    }
}
