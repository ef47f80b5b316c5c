using Tenon.Models.Layers;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Generation;

/// <summary>
/// The token batch of a step: one token of every sample alive, then pieces of prompts. While the same samples go on, the batch of the last
/// step is moved on in
/// place, so that a token costs no memory.
/// </summary>
internal sealed class EngineBatch
{
    private readonly List<int> _ids = [];
    private readonly List<TokenRun> _runs = [];
    private readonly List<int[]> _pages = [];
    private readonly List<IAdapter?> _adapters = [];
    private TokenRun[] _laid = [];
    private TokenBatch? _last;

    /// <summary>Forgets the last batch: other samples are alive now.</summary>
    public void Invalidate() => _last = null;

    /// <summary>The batch of these samples, each one token on; null where it must be built anew.</summary>
    public TokenBatch? Advance(List<LiveSample> alive)
    {
        if (_last is null) return null;
        for (var i = 0; i < alive.Count; i++)
        {
            _last.Ids[i] = alive[i].Token;
            _last.Positions[i] = alive[i].Position;
            _laid[i] = new TokenRun(i, 1, alive[i].Position);
        }

        return _last;
    }

    /// <summary>Begins a new batch.</summary>
    public void Begin()
    {
        _ids.Clear();
        _runs.Clear();
        _pages.Clear();
        _adapters.Clear();
    }

    /// <summary>Adds tokens of one sequence from a position on.</summary>
    public void Add(ReadOnlySpan<int> tokens, int position, PageTable table, IAdapter? adapter)
    {
        _runs.Add(new TokenRun(_ids.Count, tokens.Length, position));
        _ids.AddRange(tokens);
        _pages.Add(table.Pages);
        _adapters.Add(adapter);
    }

    /// <summary>The batch of what was added; <paramref name="steady"/> where it holds samples alone and may be moved on.</summary>
    public TokenBatch Build(KvCache cache, bool steady)
    {
        _laid = [.. _runs];
        var mixed = _adapters.Exists(a => !ReferenceEquals(a, _adapters[0]));
        var batch = TokenBatch.ForCache([.. _ids], _laid, [.. _pages], cache, _adapters[0], mixed ? [.. _adapters] : null);
        _last = steady ? batch : null;
        return batch;
    }

    /// <summary>
    /// The head sees rows of the batch: where adapters differ, their runs are cut alike (the first runs are one token each).
    /// </summary>
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
