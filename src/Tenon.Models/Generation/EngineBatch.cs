using Tenon.Models.Layers;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Generation;

/// <summary>
/// The token batch of a step: one token of every sample alive, then pieces of prompts. While the same samples go on, the batch of the last step is moved on in
/// place, so that a token costs no memory.
/// </summary>
internal sealed class EngineBatch
{
    private readonly List<int> ids = [];
    private readonly List<TokenRun> runs = [];
    private readonly List<int[]> pages = [];
    private readonly List<IAdapter?> adapters = [];
    private TokenRun[] laid = [];
    private TokenBatch? last;

    /// <summary>Forgets the last batch: other samples are alive now.</summary>
    public void Invalidate() => last = null;

    /// <summary>The batch of these samples, each one token on; null where it must be built anew.</summary>
    public TokenBatch? Advance(List<LiveSample> alive)
    {
        if (last is null) return null;
        for (var i = 0; i < alive.Count; i++)
        {
            last.Ids[i] = alive[i].Token;
            last.Positions[i] = alive[i].Position;
            laid[i] = new TokenRun(i, 1, alive[i].Position);
        }

        return last;
    }

    /// <summary>Begins a new batch.</summary>
    public void Begin()
    {
        ids.Clear();
        runs.Clear();
        pages.Clear();
        adapters.Clear();
    }

    /// <summary>Adds tokens of one sequence from a position on.</summary>
    public void Add(ReadOnlySpan<int> tokens, int position, PageTable table, IAdapter? adapter)
    {
        runs.Add(new TokenRun(ids.Count, tokens.Length, position));
        ids.AddRange(tokens);
        pages.Add(table.Pages);
        adapters.Add(adapter);
    }

    /// <summary>The batch of what was added; <paramref name="steady"/> where it holds samples alone and may be moved on.</summary>
    public TokenBatch Build(KvCache cache, bool steady)
    {
        laid = [.. runs];
        var mixed = adapters.Exists(a => !ReferenceEquals(a, adapters[0]));
        var batch = TokenBatch.ForCache([.. ids], laid, [.. pages], cache, adapters[0], mixed ? [.. adapters] : null);
        last = steady ? batch : null;
        return batch;
    }

    /// <summary>The head sees rows of the batch: where adapters differ, their runs are cut alike (the first runs are one token each).</summary>
    public static TokenBatch Head(TokenBatch batch, int first, int rows)
    {
        if (batch.RunAdapters is null) return batch;
        var runs = new TokenRun[rows];
        for (var i = 0; i < rows; i++) runs[i] = new TokenRun(i, 1, 0);
        var adapters = new IAdapter?[rows];
        for (var i = 0; i < rows; i++) adapters[i] = batch.RunAdapters[first + i];
        return TokenBatch.ForCache(batch.Ids[first..(first + rows)], runs, new int[rows][], batch.Cache!, batch.Adapter, adapters);
    }
}
