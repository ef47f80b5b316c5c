using Tenon.Models.Config;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Generation;

/// <summary>
/// Keys and values of all sequences alive, in pages of 32 positions with reference counts: the samples of a group share the full pages of their prompt, and
/// each gets a copy of the page that the prompt fills only in part.
/// </summary>
internal sealed class KvCache
{
    private readonly KvPages[] layers;
    private readonly int[] references;
    private readonly Stack<int> free = new();

    public KvCache(ModelConfig config, int pages)
    {
        layers = new KvPages[config.NumHiddenLayers];
        for (var i = 0; i < layers.Length; i++) layers[i] = KvPages.Create(pages, config.NumKeyValueHeads, config.HeadDim);
        references = new int[pages];
        for (var p = pages - 1; p >= 0; p--) free.Push(p);
    }

    /// <summary>Pages that no sequence holds.</summary>
    public int FreePages => free.Count;

    /// <summary>All pages.</summary>
    public int Capacity => references.Length;

    public KvPages Layer(int index) => layers[index];

    public static int PagesFor(int positions) => (positions + AttentionLayout.PageSize - 1) / AttentionLayout.PageSize;

    /// <summary>Bytes of one page over all layers.</summary>
    public static long PageBytes(ModelConfig config) => 2L * config.NumHiddenLayers * config.NumKeyValueHeads * config.HeadDim * AttentionLayout.PageSize * sizeof(float);

    public int Take()
    {
        if (!free.TryPop(out var page)) throw new InvalidOperationException("the cache has no free page although admission counted them");
        references[page] = 1;
        return page;
    }

    public void Release(IEnumerable<int> pages)
    {
        foreach (var page in pages)
            if (--references[page] == 0) free.Push(page);
    }

    /// <summary>The pages of a sequence that goes on from the first <paramref name="positions"/> positions of another.</summary>
    public List<int> Fork(IReadOnlyList<int> pages, int positions)
    {
        var full = positions / AttentionLayout.PageSize;
        var fork = new List<int>();
        for (var p = 0; p < full; p++)
        {
            references[pages[p]]++;
            fork.Add(pages[p]);
        }

        if (positions % AttentionLayout.PageSize == 0) return fork;
        var copy = Take();
        foreach (var layer in layers) layer.CopyPage(pages[full], copy);
        fork.Add(copy);
        return fork;
    }
}
