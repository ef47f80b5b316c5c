using System.Security.Cryptography;
using Tenon.Tensors.Memory;
using Tenon.Tensors.Panels;

namespace Tenon.Tensors;

/// <summary>
/// Reads whole rows of a weight, from <paramref name="row"/> on, row-major: as many as fit in <paramref name="rows"/>. May be called from
/// several threads.
/// </summary>
public delegate void FrozenRowReader(long row, Span<float> rows);

/// <summary>
/// A weight [outputs, inputs] that never changes, packed once in panels of 32 outputs, each as its <see cref="Panels.PanelFormat"/> says
/// (a part-filled last panel is padded with zeros). Lanes run over outputs, never over the sum, so an output has the same bits for any
/// number of rows, tile and thread.
/// </summary>
public sealed unsafe partial class FrozenMatrix
{
    /// <summary>Outputs in a panel.</summary>
    internal const int PanelWidth = 32;

    private readonly PanelFormat _format;
    private readonly PanelMemory _memory;

    private FrozenMatrix(string name, nint outputs, nint inputs, WeightStorage storage)
    {
        (Name, Outputs, Inputs, Storage) = (name, outputs, inputs, storage);
        _format = PanelFormat.Of(storage);
        Panels = (outputs + PanelWidth - 1) / PanelWidth;
        PanelBytes = _format.PanelBytes(inputs);
        _memory = PanelMemory.Allocate(Panels * PanelBytes);
    }

    /// <summary>The name it has in its file.</summary>
    public string Name { get; }

    /// <summary>Rows of the weight: numbers that a product gives for each row of its input.</summary>
    public nint Outputs { get; }

    /// <summary>Columns of the weight: numbers in each row of the input.</summary>
    public nint Inputs { get; }

    /// <summary>How the weights are kept.</summary>
    public WeightStorage Storage { get; }

    /// <summary>Bytes of memory that the packed weight takes, without the second copy that int8 gradients make.</summary>
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
            throw new ArgumentException(
                $"{Name}: {destination.Length} numbers from row {row} on are no whole rows of [{Outputs}, {Inputs}]", nameof(destination));
        fixed (float* target = destination)
        {
            for (nint i = 0; i < rows;)
            {
                var panel = Panel((row + i) / PanelWidth);
                var lane = (row + i) % PanelWidth;
                var lanes = Math.Min(PanelWidth, Outputs - (row + i));
                if (lane == 0 && rows - i >= lanes) _format.CopyPanel(panel, Inputs, lanes, target + (i * Inputs));
                else
                {
                    _format.CopyRow(panel, lane, Inputs, target + (i * Inputs));
                    lanes = 1;
                }

                i += lanes;
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
    /// SHA-256 (lower-case hexadecimal) of the values as float32, little-endian, row by row. It does not depend on the layout, nor on the
    /// storage where bfloat16 holds the values exactly.
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
