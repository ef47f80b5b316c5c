using System.Security.Cryptography;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors;

/// <summary>Reads whole rows of a weight, from <paramref name="row"/> on, row-major: as many as fit in <paramref name="rows"/>. May be called from several threads.</summary>
public delegate void FrozenRowReader(long row, Span<float> rows);

/// <summary>
/// A weight [outputs, inputs] that never changes, packed once in panels of 32 outputs: [outputs/32][inputs][32] for float32, [outputs/32][inputs/2][32][2] for bfloat16 (an odd last input and a
/// part-filled last panel are padded with zeros). Lanes run over outputs, never over the sum, so an output has the same bits for any number of rows, tile and thread.
/// </summary>
public sealed unsafe partial class FrozenMatrix
{
    /// <summary>Outputs in a panel.</summary>
    internal const int PanelWidth = 32;

    private readonly NativeBuffer _memory;

    private FrozenMatrix(string name, nint outputs, nint inputs, WeightStorage storage)
    {
        (Name, Outputs, Inputs, Storage) = (name, outputs, inputs, storage);
        Panels = (outputs + PanelWidth - 1) / PanelWidth;
        PanelBytes = storage == WeightStorage.F32 ? inputs * PanelWidth * 4 : (inputs + 1) / 2 * PanelWidth * 4;
        _memory = NativeBuffer.Allocate(Panels * PanelBytes);
    }

    /// <summary>The name it has in its file.</summary>
    public string Name { get; }

    /// <summary>Rows of the weight: numbers that a product gives for each row of its input.</summary>
    public nint Outputs { get; }

    /// <summary>Columns of the weight: numbers in each row of the input.</summary>
    public nint Inputs { get; }

    /// <summary>How the weights are kept.</summary>
    public WeightStorage Storage { get; }

    /// <summary>Bytes of memory that the packed weight takes.</summary>
    public nint Bytes => _memory.Bytes;

    /// <summary>Panels of 32 outputs, the last one perhaps part-filled.</summary>
    internal nint Panels { get; }

    /// <summary>Bytes from one panel to the next.</summary>
    internal nint PanelBytes { get; }

    /// <summary>The first byte of a panel.</summary>
    internal byte* Panel(nint panel) => _memory.Pointer + (panel * PanelBytes);

    /// <summary>A copy of all values, row-major, exact (widened).</summary>
    public float[] ToArray()
    {
        var values = new float[Outputs * Inputs];
        CopyRows(0, values);
        return values;
    }

    /// <summary>
    /// Writes the exact (widened) values of whole rows, from <paramref name="row"/> on, as many as <paramref name="destination"/> holds.
    /// </summary>
    public void CopyRows(nint row, Span<float> destination)
    {
        var (rows, rest) = Math.DivRem(destination.Length, (int)Inputs);
        if (rest != 0 || row < 0 || row + rows > Outputs)
            throw new ArgumentException($"{Name}: {destination.Length} numbers from row {row} on are no whole rows of [{Outputs}, {Inputs}]", nameof(destination));
        fixed (float* target = destination)
        {
            for (nint i = 0; i < rows; i++)
            {
                if (Storage == WeightStorage.F32 && (row + i) % PanelWidth == 0 && rows - i >= Math.Min(PanelWidth, Outputs - row - i))
                {
                    // A whole panel.
                    var lanes = Math.Min(PanelWidth, Outputs - row - i);
                    Kernels.Transpose.Blocked((float*)Panel((row + i) / PanelWidth), Inputs, lanes, PanelWidth, target + (i * Inputs), Inputs);
                    i += lanes - 1;
                    continue;
                }

                var lane = (row + i) % PanelWidth;
                var panel = Panel((row + i) / PanelWidth);
                var line = target + (i * Inputs);
                for (nint j = 0; j < Inputs; j++)
                {
                    line[j] = Storage == WeightStorage.F32
                        ? ((float*)panel)[(j * PanelWidth) + lane]
                        : BitConverter.Int32BitsToSingle(((ushort*)panel)[(((j >> 1) * PanelWidth) + lane) * 2 + (j & 1)] << 16);
                }
            }
        }

        GC.KeepAlive(this);
    }

    /// <summary>Adds the exact (widened) values to others, row-major, all of them.</summary>
    internal void AddTo(Span<float> values)
    {
        var rows = new float[Math.Min(PanelWidth, Outputs) * Inputs];
        fixed (float* target = values, source = rows)
            for (nint row = 0; row < Outputs; row += PanelWidth)
            {
                var length = Math.Min(PanelWidth, Outputs - row) * Inputs;
                CopyRows(row, rows.AsSpan(0, (int)length));
                Kernels.RowKernels.Add(target + (row * Inputs), source, length);
            }
    }

    /// <summary>
    /// SHA-256 (lower-case hexadecimal) of the values as float32, little-endian, row by row. It does not depend on the layout, nor on the storage where bfloat16 holds the values exactly.
    /// </summary>
    public string Sha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var rows = new float[Math.Min(PanelWidth, Outputs) * Inputs];
        for (nint row = 0; row < Outputs; row += PanelWidth)
        {
            var part = rows.AsSpan(0, (int)(Math.Min(PanelWidth, Outputs - row) * Inputs));
            CopyRows(row, part);
            hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(part));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} [{Outputs}, {Inputs}] {Storage}";
}
