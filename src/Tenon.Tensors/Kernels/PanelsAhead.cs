namespace Tenon.Tensors.Kernels;

/// <summary>
/// What a product asks memory for before it is needed, so that no thread's first panel has to be waited for: behind the last panel of a
/// part comes the part that this thread takes next, as far as can be told, and behind its last part the product that followed this one
/// before. Nothing but time depends on it: what lies at an address is never read through it.
/// </summary>
internal unsafe struct PanelsAhead
{
    /// <summary>The panels of this product.</summary>
    public byte* Panels;

    /// <summary>Bytes from one panel to the next.</summary>
    public nint PanelBytes;

    /// <summary>Threads that share the parts; 0 where the panel behind the last one is asked for as if it were this part's.</summary>
    public int Threads;

    /// <summary>The first panel of the product that follows; null where it is not known.</summary>
    public byte* Next;

    /// <summary>Bytes from its first part to its second.</summary>
    public nint NextPart;

    /// <summary>What to ask for in the last panel of a part, which ends before panel <paramref name="end"/>.</summary>
    public readonly byte* Behind(PartShare share, int part, nint end)
    {
        var next = part + Threads;
        if (Threads > 0 && next < share.PartsOfRows) return Panels + (next * share.PerPart * PanelBytes);
        return Threads == 0 || Next == null ? Panels + (end * PanelBytes) : Next + ((next - share.PartsOfRows) * NextPart);
    }
}
