using Tenon.Tensors.Kernels;

namespace Tenon.Tensors;

/// <summary>What a product with a frozen matrix reads its rows as.</summary>
internal enum ProductKind
{
    /// <summary>float32, as they are.</summary>
    F32,

    /// <summary>Rounded to bfloat16.</summary>
    Bf16,

    /// <summary>Rounded to integers of one byte.</summary>
    Int8,
}

/// <summary>One product with a frozen matrix in any precision, as its threads see it, and what is done to its outputs behind it.</summary>
internal unsafe struct ProductCall
{
    /// <summary>Which of the three calls counts.</summary>
    public ProductKind Kind;

    public FrozenCall F32;
    public FrozenMatrix.Bf16Call Bf16;
    public Int8Call Int8;

    /// <summary>The outputs [rows, outputs], a row at every <see cref="OutputRow"/> floats.</summary>
    public float* Output;

    public nint OutputRow, Outputs, Rows;

    /// <summary>How it is cut among the threads.</summary>
    public PartShare Share;

    /// <summary>Parts of the job.</summary>
    public int Parts;

    /// <summary>What is done to the outputs of a part once they are there.</summary>
    public ProductTail Tail;

    /// <summary>One part, its tail included.</summary>
    public static void Run(ProductCall* call, int part)
    {
        if (call->Tail.IsEmpty) Product(call, part);
        else Finish(call, part);
    }

    private static void Product(ProductCall* call, int part)
    {
        switch (call->Kind)
        {
            case ProductKind.F32: KernelSet.Best.FrozenMultiply(&call->F32, part); break;
            case ProductKind.Bf16: FrozenMatrix.MultiplyBf16Part(&call->Bf16, part); break;
            default: Int8Kernels.Multiply(&call->Int8, part); break;
        }
    }

    private static void Finish(ProductCall* call, int part)
    {
        const nint Width = FrozenMatrix.PanelWidth;
        var (rows, panel, end) = call->Share.Of(part, call->Rows, (call->Outputs + Width - 1) / Width);
        var first = panel * Width;
        var count = Math.Min(end * Width, call->Outputs) - first;
        call->Tail.Ask(first, count, call->Outputs);
        Product(call, part);
        call->Tail.Apply(call->Output + (rows.First * call->OutputRow), call->OutputRow, rows.First, rows.Count, first, count,
            call->Outputs);
    }
}

/// <summary>
/// What follows on a product's finished outputs, while the cache still holds them, in the order in which ops of their own would do it: they
/// are kept for training, the bias is added, then an adapter's update s (x Aᵀ) Bᵀ from its narrow middle.
/// </summary>
internal unsafe struct ProductTail
{
    /// <summary>For each row where its products are kept, 0 for none; null where no row's are.</summary>
    public nint* Kept;

    /// <summary>Bytes from there to this product's outputs.</summary>
    public nint KeptOffset;

    /// <summary>The bias [outputs], or null.</summary>
    public float* Bias;

    /// <summary>s x Aᵀ [rows, rank], or null.</summary>
    public float* Middle;

    /// <summary>Bᵀ [rank, outputs].</summary>
    public float* Wide;

    public nint Rank;

    /// <summary>True where there is nothing to do.</summary>
    public readonly bool IsEmpty => Kept == null && Bias == null && Middle == null;

    /// <summary>Asks memory for the update's factor of some outputs, so that it is there behind the product.</summary>
    public readonly void Ask(nint first, nint count, nint outputs)
    {
        const nint Line = 16;
        const nint Most = 8192;
        if (Middle == null || Rank * count > Most || !System.Runtime.Intrinsics.X86.Sse.IsSupported) return;
        for (nint k = 0; k < Rank; k++)
            for (nint c = 0; c < count; c += Line)
                System.Runtime.Intrinsics.X86.Sse.Prefetch1(Wide + (k * outputs) + first + c);
    }

    /// <summary>Some outputs of some rows: <paramref name="y"/> is the first of these rows.</summary>
    public readonly void Apply(float* y, nint yRow, nint firstRow, nint rows, nint first, nint count, nint outputs)
    {
        for (nint r = 0; r < rows && (Kept != null || Bias != null); r++)
        {
            var line = y + (r * yRow) + first;
            if (Kept != null && Kept[firstRow + r] != 0)
                new Span<float>(line, (int)count).CopyTo(new Span<float>((float*)(Kept[firstRow + r] + KeptOffset) + first, (int)count));
            if (Bias != null) RowKernels.Add(line, Bias + first, count);
        }

        if (Middle != null)
            Gemm.Multiply(rows, count, Rank, Middle + (firstRow * Rank), Rank, 1, Wide + first, outputs, y + first, yRow, accumulate: true);
    }
}
