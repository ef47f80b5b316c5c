using System.Numerics;

namespace Tenon.Tensors.Memory;

/// <summary>
/// Memory for tensors of any size that come and go with each pass: parts are cut from a few large chunks and join their free neighbours
/// when they are given back, so that passes of every length use the same pages and the system is not asked in a steady state. Free parts
/// stand in lists by size, eight to an octave, found through a bitmap ("two-level segregated fit", Masmano et al. 2004). Contents are
/// undefined. One caller at a time.
/// </summary>
internal sealed unsafe class BufferArena
{
    private const nint Unit = 64;
    private const nint SmallestChunk = 64 << 10;
    private const nint LargestChunk = 64 << 20;

    /// <summary>Bytes that are not worth asking for again.</summary>
    private const long Spared = 1 << 20;

    /// <summary>Sizes below this many units have a list each.</summary>
    private const int Exact = 16;
    private const int Lists = Exact + (8 * 40);

    /// <summary>Parts of a request's own list that are looked at: a pass asks for the same sizes again, not all reach it.</summary>
    private const int Looked = 8;

    private readonly TensorMemory?[] _free = new TensorMemory?[Lists];
    private readonly ulong[] _some = new ulong[(Lists + 63) / 64];
    private readonly List<Chunk> _chunks = [];
    private readonly Stack<TensorMemory> _spare = [];
    private nint _nextChunk = SmallestChunk;
    private long _used;
    private long _mostUsed;

    /// <summary>One piece of memory from the system.</summary>
    public sealed class Chunk(NativeBuffer buffer)
    {
        /// <summary>The memory.</summary>
        public NativeBuffer Buffer { get; } = buffer;

        /// <summary>Parts in use.</summary>
        public int Used { get; set; }

        /// <summary>True where a part was handed out since <see cref="DropUnused"/> looked last.</summary>
        public bool Touched { get; set; }

        /// <summary>The only part of a chunk of which nothing is in use.</summary>
        public TensorMemory? Whole { get; set; }
    }

    /// <summary>Bytes of all chunks, in use or not.</summary>
    public long Bytes => _chunks.Sum(c => (long)c.Buffer.Bytes);

    /// <summary>A part of at least <paramref name="bytes"/> bytes with any content, at a multiple of 64, 64 readable bytes behind it.</summary>
    public TensorMemory Take(nint bytes)
    {
        // A unit of slack, so that a vector load at the end stays inside the chunk's own memory.
        var size = ((bytes + Unit - 1) / Unit * Unit) + Unit;
        var part = Find(size) ?? Grow(size);
        Unlink(part);
        var rest = part.Bytes - size;
        if (rest > 0) Cut(part, size, rest);
        part.IsFree = false;
        var chunk = part.Chunk!;
        if (chunk.Used++ == 0) chunk.Whole = null;
        chunk.Touched = true;
        _used += size;
        _mostUsed = Math.Max(_mostUsed, _used);
        return part;
    }

    /// <summary>Takes a part back; its memory may be anybody's at once.</summary>
    public void Give(TensorMemory part)
    {
        _used -= part.Bytes;
        if (part.After is { IsFree: true } after) Join(part, after);
        if (part.Before is { IsFree: true } before)
        {
            Unlink(before);
            before.Bytes += part.Bytes;
            before.After = part.After;
            if (part.After is { } next) next.Before = before;
            var chunk = part.Chunk!;
            Forget(part);
            Link(before, chunk);
            return;
        }

        Link(part, part.Chunk!);
    }

    /// <summary>
    /// Gives back to the system what has not been needed since the last call: chunks of which nothing was in use, and all that are idle
    /// where they hold more than twice of what was in use at once (small parts lie in a large chunk too, and would keep it for ever).
    /// </summary>
    public void DropUnused()
    {
        var needed = _mostUsed;
        _mostUsed = _used;
        if (Bytes > (2 * needed) + Spared)
        {
            Trim();
            return;
        }

        for (var i = _chunks.Count - 1; i >= 0; i--)
        {
            if (_chunks[i] is { Whole: not null, Touched: false }) Drop(i);
            else _chunks[i].Touched = _chunks[i].Used > 0;
        }
    }

    /// <summary>Gives every chunk back of which nothing is in use.</summary>
    public void Trim()
    {
        for (var i = _chunks.Count - 1; i >= 0; i--)
            if (_chunks[i].Whole is not null) Drop(i);
        _nextChunk = SmallestChunk;
    }

    private TensorMemory? Find(nint size)
    {
        var list = ListOf(size);
        var part = _free[list];
        for (var i = 0; i < Looked && part is not null; i++, part = part.FreeAfter)
            if (part.Bytes >= size) return part;

        var word = ++list >> 6;
        var bits = word < _some.Length ? _some[word] & (~0ul << (list & 63)) : 0;
        while (bits == 0 && ++word < _some.Length) bits = _some[word];
        return bits == 0 ? null : _free[(word << 6) + BitOperations.TrailingZeroCount(bits)];
    }

    private TensorMemory Grow(nint size)
    {
        // Idle chunks that are too small make room for one that fits, so that a tape holds little more than its largest pass needs.
        var room = size;
        for (var i = _chunks.Count - 1; i >= 0 && size > SmallestChunk && room > 0; i--)
        {
            if (_chunks[i].Whole is not { } idle) continue;
            room -= idle.Bytes;
            Drop(i);
        }

        var bytes = Math.Max(size, _nextChunk);
        _nextChunk = Math.Min(2 * _nextChunk, LargestChunk);
        var chunk = new Chunk(NativeBuffer.AllocateSparse(bytes / Unit * Unit));
        _chunks.Add(chunk);
        var part = NewPart(chunk, chunk.Buffer.Pointer, chunk.Buffer.Bytes);
        chunk.Used = 1;
        chunk.Whole = null;
        Link(part, chunk);
        return part;
    }

    private void Drop(int index)
    {
        var chunk = _chunks[index];
        Unlink(chunk.Whole!);
        Forget(chunk.Whole!);
        chunk.Whole = null;
        chunk.Buffer.Dispose();
        _chunks.RemoveAt(index);
    }

    private void Cut(TensorMemory part, nint size, nint rest)
    {
        part.Bytes = size;
        var behind = NewPart(part.Chunk!, part.Pointer + size, rest);
        (behind.Before, behind.After) = (part, part.After);
        if (part.After is { } next) next.Before = behind;
        part.After = behind;
        Enter(behind);
    }

    private void Join(TensorMemory part, TensorMemory after)
    {
        Unlink(after);
        part.Bytes += after.Bytes;
        part.After = after.After;
        if (after.After is { } next) next.Before = part;
        Forget(after);
    }

    private void Link(TensorMemory part, Chunk chunk)
    {
        Enter(part);
        if (--chunk.Used == 0) chunk.Whole = part;
    }

    private void Enter(TensorMemory part)
    {
        var list = ListOf(part.Bytes);
        part.IsFree = true;
        part.FreeBefore = null;
        part.FreeAfter = _free[list];
        if (_free[list] is { } first) first.FreeBefore = part;
        _free[list] = part;
        _some[list >> 6] |= 1ul << (list & 63);
    }

    private void Unlink(TensorMemory part)
    {
        if (part.FreeAfter is { } after) after.FreeBefore = part.FreeBefore;
        if (part.FreeBefore is { } before) before.FreeAfter = part.FreeAfter;
        else
        {
            var list = ListOf(part.Bytes);
            _free[list] = part.FreeAfter;
            if (part.FreeAfter is null) _some[list >> 6] &= ~(1ul << (list & 63));
        }

        (part.FreeBefore, part.FreeAfter) = (null, null);
    }

    private TensorMemory NewPart(Chunk chunk, byte* pointer, nint bytes) =>
        (_spare.TryPop(out var part) ? part : new TensorMemory()).Become(chunk, pointer, bytes);

    private void Forget(TensorMemory part) => _spare.Push(part.Become(null, null, 0));

    /// <summary>The list of free parts of <paramref name="bytes"/> bytes: each multiple of 64 has one at first, then eight an octave.</summary>
    private static int ListOf(nint bytes)
    {
        var units = (ulong)(bytes / Unit);
        if (units < Exact) return (int)units;
        var octave = BitOperations.Log2(units);
        return Exact + ((octave - 4) * 8) + (int)((units >> (octave - 3)) & 7);
    }
}
