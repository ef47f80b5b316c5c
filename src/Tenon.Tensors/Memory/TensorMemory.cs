namespace Tenon.Tensors.Memory;

/// <summary>
/// The memory of one tensor: all of a <see cref="NativeBuffer"/>, or a part of one that a <see cref="BufferArena"/> cut off and takes back.
/// It keeps the buffer alive; objects of parts are used again by their arena.
/// </summary>
internal sealed unsafe class TensorMemory
{
    /// <summary>The memory of a persistent tensor, which owns all of it.</summary>
    public TensorMemory(NativeBuffer owner)
    {
        Owner = owner;
        Pointer = owner.Pointer;
        Bytes = owner.Bytes;
    }

    /// <summary>A part of an arena, set by <see cref="Become"/>.</summary>
    public TensorMemory()
    {
    }

    /// <summary>The buffer in which it lies; null for a part that is in no use.</summary>
    public NativeBuffer? Owner { get; private set; }

    /// <summary>The first byte.</summary>
    public byte* Pointer { get; private set; }

    /// <summary>Bytes that belong to it.</summary>
    public nint Bytes { get; set; }

    /// <summary>True while the arena may hand it out.</summary>
    public bool IsFree { get; set; }

    /// <summary>The arena's chunk, for a part.</summary>
    public BufferArena.Chunk? Chunk { get; private set; }

    /// <summary>The part in front of it in memory.</summary>
    public TensorMemory? Before { get; set; }

    /// <summary>The part behind it in memory.</summary>
    public TensorMemory? After { get; set; }

    /// <summary>The free part of about the same size in front of it in its list.</summary>
    public TensorMemory? FreeBefore { get; set; }

    /// <summary>The free part of about the same size behind it in its list.</summary>
    public TensorMemory? FreeAfter { get; set; }

    /// <summary>Makes this object a part of a chunk; null gives the chunk up.</summary>
    public TensorMemory Become(BufferArena.Chunk? chunk, byte* pointer, nint bytes)
    {
        Pointer = pointer;
        (Chunk, Owner, Bytes) = (chunk, chunk?.Buffer, bytes);
        (Before, After, FreeBefore, FreeAfter, IsFree) = (null, null, null, null, false);
        return this;
    }
}
