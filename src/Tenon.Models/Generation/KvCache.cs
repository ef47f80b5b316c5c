using Tenon.Models.Config;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Generation;

/// <summary>
/// Keys and values of all sequences alive, in pages of 32 positions with reference counts: the samples of a group share the full pages of
/// their prompt, and
/// each gets a copy of the page that the prompt fills only in part. It grows where more is wanted and keeps what it has.
/// </summary>
internal sealed class KvCache
{
    private readonly KvPages[] _layers;
    private readonly Stack<int> _free = new();
    private int[] _references = [];

    public KvCache(ModelConfig config, Precision precision, int pages)
    {
        _layers = new KvPages[config.NumHiddenLayers];
        for (var i = 0; i < _layers.Length; i++) _layers[i] = KvPages.Create(0, config.NumKeyValueHeads, config.HeadDim, precision);
        Grow(pages);
    }

    /// <summary>Pages that no sequence holds.</summary>
    public int FreePages => _free.Count;

    /// <summary>All pages.</summary>
    public int Capacity => _references.Length;

    public KvPages Layer(int index) => _layers[index];

    public static int PagesFor(int positions) => (positions + AttentionLayout.PageSize - 1) / AttentionLayout.PageSize;

    /// <summary>Bytes of one page over all layers.</summary>
    public static long PageBytes(ModelConfig config, Precision precision) =>
        config.NumHiddenLayers * KvPages.PageBytes(config.NumKeyValueHeads, config.HeadDim, precision);

    /// <summary>Makes room for this many pages in all; what the pages in use hold stays.</summary>
    public void Grow(int pages)
    {
        var had = Capacity;
        if (pages <= had) return;
        var used = FreePages == had ? 0 : had;
        for (var i = 0; i < _layers.Length; i++) _layers[i] = _layers[i].Grow(pages, used);
        Array.Resize(ref _references, pages);
        for (var p = pages - 1; p >= had; p--) _free.Push(p);
    }

    /// <summary>Makes a table long enough for this many positions.</summary>
    public void Extend(PageTable table, int positions)
    {
        while (table.Count < PagesFor(positions)) table.Add(Take());
    }

    /// <summary>Gives a sequence's pages back.</summary>
    public void Release(PageTable table)
    {
        foreach (var page in table.Used)
            if (--_references[page] == 0) _free.Push(page);
        table.Clear();
    }

    /// <summary>
    /// The pages of a sequence that goes on from the first <paramref name="positions"/> positions of another, with room for
    /// <paramref name="room"/> pages.
    /// </summary>
    public PageTable Fork(PageTable table, int positions, int room)
    {
        var full = positions / AttentionLayout.PageSize;
        var fork = new PageTable(room);
        for (var p = 0; p < full; p++)
        {
            _references[table.Pages[p]]++;
            fork.Add(table.Pages[p]);
        }

        if (positions % AttentionLayout.PageSize == 0) return fork;
        var copy = Take();
        foreach (var layer in _layers) layer.CopyPage(table.Pages[full], copy);
        fork.Add(copy);
        return fork;
    }

    private int Take()
    {
        if (!_free.TryPop(out var page)) throw new InvalidOperationException("the cache has no free page although admission counted them");
        _references[page] = 1;
        return page;
    }
}

/// <summary>The page of every block of a sequence from position 0: an array of its final length, filled as the sequence grows.</summary>
internal sealed class PageTable(int room)
{
    public int[] Pages { get; } = new int[room];

    public int Count { get; private set; }

    public ReadOnlySpan<int> Used => Pages.AsSpan(0, Count);

    public void Add(int page) => Pages[Count++] = page;

    public void Clear() => Count = 0;
}
