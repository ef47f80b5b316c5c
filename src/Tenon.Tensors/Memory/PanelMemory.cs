namespace Tenon.Tensors.Memory;

/// <summary>
/// Memory of frozen weights: pieces of large blocks, so that weights smaller than a huge page lie in huge pages too and none wastes the
/// rest of its last one. A block is freed when nothing holds a piece of it any more.
/// </summary>
internal sealed unsafe class PanelMemory
{
    private const nint Block = 32 << 20;
    private const nint Smallest = 64 << 10;
    private const nint Alignment = 4096;
    private static readonly Lock Gate = new();

    // Weak: what is left of the newest block must not outlive the weights in it.
    private static readonly WeakReference<NativeBuffer?> S_newest = new(null);
    private static nint _s_used;
    private readonly NativeBuffer _block;
    private readonly nint _start;

    private PanelMemory(NativeBuffer block, nint start, nint bytes)
    {
        _block = block;
        _start = start;
        Bytes = bytes;
    }

    /// <summary>The first byte, aligned to 64 bytes or more.</summary>
    public byte* Pointer => _block.Pointer + _start;

    /// <summary>The size asked for.</summary>
    public nint Bytes { get; }

    /// <summary>Zeroed memory; small and very large pieces are blocks of their own.</summary>
    public static PanelMemory Allocate(nint bytes)
    {
        if (bytes is < Smallest or > Block / 2) return Own(bytes);
        lock (Gate)
        {
            if (!S_newest.TryGetTarget(out var block) || block is null || _s_used + bytes > block.Bytes)
            {
                block = NativeBuffer.Allocate(Block);
                S_newest.SetTarget(block);
                _s_used = 0;
            }

            var piece = new PanelMemory(block, _s_used, bytes);
            _s_used = (_s_used + bytes + Alignment - 1) / Alignment * Alignment;
            return piece;
        }
    }

    private static PanelMemory Own(nint bytes) => new(NativeBuffer.Allocate(bytes), 0, bytes);
}
