using Tenon.Tensors.Memory;

namespace Tenon.Tensors;

/// <summary>
/// Outputs of frozen products that sampling computed, for the forward pass that training records over the same tokens by the same
/// weights: every sum has one order, so what is taken from here has the bits that computing it again would give. One row a token holds
/// its outputs of all matrices, one behind the other; rows lie in native memory, never more of it than a budget, and what finds no room
/// is computed as ever. One caller writes; several may take at the same time.
/// </summary>
/// <remarks>
/// A matrix counts as kept only where every row that was handed out has been written by exactly one product: a method that goes around
/// the base product, or multiplies by it twice, or a pass that was given up, leaves nothing to take. What no product has written in one
/// age gets no room in the next.
/// </remarks>
public sealed unsafe class KeptProducts : IDisposable
{
    private const int ChunkRows = 64;
    private const nint Alignment = 64;

    private readonly Dictionary<FrozenMatrix, Slot> _slots = new(ReferenceEqualityComparer.Instance);
    private readonly List<NativeBuffer> _chunks = [];
    private readonly Stack<int> _free = [];
    private readonly long _budget;
    private int _used;
    private long _handedOut;
    private long _taken;

    /// <summary>An empty store.</summary>
    /// <param name="matrices">The matrices whose products are kept.</param>
    /// <param name="budget">Most bytes of rows.</param>
    public KeptProducts(IEnumerable<FrozenMatrix> matrices, long budget)
    {
        _budget = budget;
        foreach (var matrix in matrices) _slots[matrix] = new Slot();
        Lay();
    }

    /// <summary>Bytes of a token's row.</summary>
    public long RowBytes { get; private set; }

    /// <summary>Most rows that the budget holds.</summary>
    public int Rows { get; private set; }

    /// <summary>True while sampling keeps what it computes.</summary>
    public bool IsOpen { get; set; }

    /// <summary>True while the weights are those that the rows were computed by: a recorded pass may take them.</summary>
    public bool MayTake { get; set; }

    /// <summary>Rows of products that were taken instead of computed, since the store was made.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Bytes of native memory that the store holds.</summary>
    public long Bytes => _chunks.Sum(chunk => (long)chunk.Bytes);

    /// <summary>Raised whenever all rows become invalid.</summary>
    internal int Age { get; private set; }

    /// <summary>Forgets all rows and opens the store: sampling by other weights begins. Memory is kept for the new rows.</summary>
    public void Begin()
    {
        if (_handedOut > 0) DropUnused();
        Drop();
        _free.Clear();
        (_used, _handedOut) = (0, 0);
        foreach (var slot in _slots.Values) slot.Written = 0;
        IsOpen = true;
    }

    /// <summary>Forgets all rows: the weights are about to change.</summary>
    public void Drop()
    {
        Age++;
        (IsOpen, MayTake) = (false, false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Drop();
        Rows = 0;
        Release();
    }

    /// <summary>A row for one more token; -1 where there is no room, or the store is closed.</summary>
    internal int HandOut()
    {
        if (!IsOpen) return -1;
        if (!_free.TryPop(out var row))
        {
            if (_used == Rows || (_used / ChunkRows == _chunks.Count && !Grow())) return -1;
            row = _used++;
        }

        _handedOut++;
        return row;
    }

    /// <summary>Takes a row back that nobody will read.</summary>
    internal void Free(int row) => _free.Push(row);

    /// <summary>The first byte of a row.</summary>
    internal nint Address(int row) => (nint)_chunks[row / ChunkRows].Pointer + (row % ChunkRows * (nint)RowBytes);

    /// <summary>Bytes from a row's beginning to a matrix's outputs; -1 where the matrix has no place.</summary>
    internal nint Offset(FrozenMatrix matrix) => _slots.TryGetValue(matrix, out var slot) ? slot.Offset : -1;

    /// <summary>True where each row holds the one product by a matrix.</summary>
    internal bool IsWhole(FrozenMatrix matrix) => _slots[matrix].Written == _handedOut;

    /// <summary>Counts rows that a product has written.</summary>
    internal void CountWritten(FrozenMatrix matrix, int rows) => _slots[matrix].Written += rows;

    /// <summary>Counts rows that were taken.</summary>
    internal void CountTaken(int rows) => Interlocked.Add(ref _taken, rows);

    private bool Grow()
    {
        try
        {
            _chunks.Add(NativeBuffer.Allocate((nint)(Math.Min(ChunkRows, Rows - _used) * RowBytes)));
            return true;
        }
        catch (TenonException)
        {
            // The system has less than the budget: the rows that there are must do.
            Rows = _used;
            return false;
        }
    }

    private void DropUnused()
    {
        var unused = _slots.Where(pair => pair.Value.Written == 0).Select(pair => pair.Key).ToList();
        if (unused.Count == 0) return;
        foreach (var matrix in unused) _slots.Remove(matrix);
        Release();
        Lay();
    }

    private void Lay()
    {
        nint bytes = 0;
        foreach (var (matrix, slot) in _slots)
        {
            slot.Offset = bytes;
            bytes += ((matrix.Outputs * sizeof(float)) + Alignment - 1) / Alignment * Alignment;
        }

        RowBytes = bytes;
        Rows = bytes == 0 ? 0 : (int)Math.Min(int.MaxValue, _budget / bytes);
    }

    private void Release()
    {
        foreach (var chunk in _chunks) chunk.Dispose();
        _chunks.Clear();
    }

    private sealed class Slot
    {
        public nint Offset { get; set; }

        public long Written { get; set; }
    }
}
