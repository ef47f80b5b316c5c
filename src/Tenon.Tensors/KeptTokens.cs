namespace Tenon.Tensors;

/// <summary>
/// Where the products of a sequence's tokens are kept: a row of a <see cref="KeptProducts"/> for each place, as long as the store is of
/// the same age.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="prompt">The tokens in front of these, which other sequences may share; null where there are none.</param>
public sealed class KeptTokens(KeptProducts store, KeptTokens? prompt = null)
{
    private const int FirstRoom = 64;
    private readonly int _age = store.Age;
    private int[] _rows = [];
    private int _count;

    /// <summary>The store that holds the rows.</summary>
    public KeptProducts Store { get; } = store;

    /// <summary>The tokens in front of these.</summary>
    public KeptTokens? Prompt { get; } = prompt;

    /// <summary>True while the rows may be taken.</summary>
    public bool MayTake => Store.MayTake && _age == Store.Age;

    /// <summary>A row for the token at a place, counted from 0; -1 where there is no room.</summary>
    public int Keep(int place)
    {
        if (_age != Store.Age) return -1;
        var row = Store.HandOut();
        if (row < 0) return -1;
        if (place >= _rows.Length) Array.Resize(ref _rows, Math.Max(FirstRoom, Math.Max(place + 1, 2 * _rows.Length)));
        while (_count < place) _rows[_count++] = -1;
        _rows[_count++] = row;
        return row;
    }

    /// <summary>The row of the token at a place; -1 where nothing is kept of it.</summary>
    public int Row(int place) => _age == Store.Age && place < _count ? _rows[place] : -1;

    /// <summary>Gives the rows back, and those of the prompt: nobody will train on the sequence.</summary>
    public void Free()
    {
        if (_age == Store.Age)
            foreach (var row in _rows.AsSpan(0, _count))
                if (row >= 0)
                    Store.Free(row);
        _count = 0;
        Prompt?.Free();
    }
}
