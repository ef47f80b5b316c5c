using Tenon.Tensors.Memory;

namespace Tenon.Tensors;

/// <summary>
/// A float32 matrix [rows, columns], row-major and contiguous (a vector is one row). Its memory belongs to the <see cref="Tape"/> that made
/// it,
/// or to itself where it is persistent; callers never dispose it. Nobody outside this project touches the memory: results leave through
/// <see cref="ToArray"/> and <see cref="CopyTo"/>.
/// </summary>
public unsafe class Tensor
{
    internal Tensor(TensorMemory buffer, float* data, nint rows, nint columns)
    {
        Buffer = buffer;
        Data = data;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>Number of rows: tokens, for activations.</summary>
    public nint Rows { get; private set; }

    /// <summary>Number of columns: features, for activations.</summary>
    public nint Columns { get; private set; }

    /// <summary>Rows times columns.</summary>
    public nint Length => Rows * Columns;

    /// <summary>True where a gradient must flow to or through this tensor.</summary>
    public bool RequiresGrad { get; internal set; }

    /// <summary>
    /// True where the backward pass reads these values again although no op holds them as its input: what would change them in place
    /// changes a copy (<see cref="Ops.ScaledOps.Writable"/>).
    /// </summary>
    internal bool Kept { get; set; }

    internal TensorMemory Buffer { get; private set; }

    internal float* Data { get; private set; }

    /// <summary>Writes the values once more, the same bits, from what the backward pass still holds; null where nothing can.</summary>
    internal Action? Remake { get; set; }

    /// <summary>True where another tensor shares its rows, so that its memory must stay where it is.</summary>
    internal bool IsViewed { get; set; }

    /// <summary>Raised each time this object becomes another tensor: what was worked out from its values before is stale.</summary>
    internal int Life { get; private set; }

    /// <summary>Makes another tensor of an object whose values nobody reads again.</summary>
    internal void Renew(TensorMemory buffer, nint rows, nint columns)
    {
        Move(buffer);
        (Rows, Columns, RequiresGrad, Kept, IsViewed) = (rows, columns, false, false, false);
        (Grad, Remake) = (null, null);
        Life++;
    }

    /// <summary>Other memory of the same size, with any content.</summary>
    internal void Move(TensorMemory buffer)
    {
        Buffer = buffer;
        Data = (float*)buffer.Pointer;
    }

    /// <summary>Gradient of the loss, same shape; null until something flows here.</summary>
    internal Tensor? Grad { get; set; }

    /// <summary>The tensor whose rows this one shares, and the first of them; a view's gradient is a view of its parent's.</summary>
    internal Tensor? Parent { get; init; }

    internal nint ParentRow { get; init; }

    /// <summary>Its place among its tape's live tensors; -1 where it owns its memory or shares another's.</summary>
    internal int LiveIndex { get; set; } = -1;

    internal float* Row(nint row) => Data + row * Columns;

    /// <summary>A persistent tensor of its own memory, all zero.</summary>
    public static Tensor Zeros(nint rows, nint columns)
    {
        var buffer = new TensorMemory(NativeBuffer.Allocate(Math.Max(1, rows * columns) * sizeof(float)));
        return new Tensor(buffer, (float*)buffer.Pointer, rows, columns);
    }

    /// <summary>A persistent tensor holding a copy of <paramref name="values"/> (rows x columns of them, row-major).</summary>
    public static Tensor From(ReadOnlySpan<float> values, nint rows, nint columns)
    {
        Shapes.Require(values.Length == rows * columns, "tensor", $"{rows} x {columns} values", $"{values.Length}");
        var tensor = Zeros(rows, columns);
        values.CopyTo(new Span<float>(tensor.Data, values.Length));
        return tensor;
    }

    /// <summary>A copy of all values, row-major.</summary>
    public float[] ToArray()
    {
        var result = new float[Length];
        CopyTo(result);
        return result;
    }

    /// <summary>Copies all values, row-major, into <paramref name="destination"/> (at least <see cref="Length"/> long).</summary>
    public void CopyTo(Span<float> destination) => Values.CopyTo(destination);

    /// <summary>A copy of one row.</summary>
    public float[] RowToArray(nint row)
    {
        Shapes.Require(row >= 0 && row < Rows, "row of a tensor", $"0 to {Rows - 1}", $"{row}");
        return new ReadOnlySpan<float>(Row(row), checked((int)Columns)).ToArray();
    }

    /// <summary>The values as a span, for the host-side rules of this solution (optimizers, checkpoints); at most 2^31 of them.</summary>
    internal Span<float> Values => new(Data, checked((int)Length));
}
