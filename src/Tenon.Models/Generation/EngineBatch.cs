using Tenon.Models.Layers;
using Tenon.Tensors;
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
    private readonly Dictionary<int, (TokenBatch Batch, TokenRun[] Runs)> _drafted = [];
    private readonly List<int> _kept = [];
    private KeptProducts? _store;
    private TokenRun[] _laid = [];
    private TokenBatch? _last;

    /// <summary>Forgets the last batches: other samples are alive now.</summary>
    public void Invalidate()
    {
        _last = null;
        _drafted.Clear();
    }

    /// <summary>The batch of these samples, each one token on; null where it must be built anew.</summary>
    public TokenBatch? Advance(List<LiveSample> alive)
    {
        if (_last is null) return null;
        for (var i = 0; i < alive.Count; i++)
        {
            _last.Ids[i] = alive[i].Token;
            _last.Positions[i] = alive[i].Position;
            _laid[i] = new TokenRun(i, 1, alive[i].Position);
            _last.Kept?.Set(i, alive[i].Kept?.Keep(alive[i].Count) ?? -1);
        }

        return _last;
    }

    /// <summary>
    /// The batch of these samples, each with its draft behind its next token. Runs have few shapes: each is laid once while the same
    /// samples go on. Products are not kept: most of a draft may be dropped.
    /// </summary>
    public TokenBatch Drafted(List<LiveSample> alive, Drafts drafts, KvCache cache)
    {
        if (!_drafted.TryGetValue(drafts.Shape, out var known))
        {
            Begin();
            for (var i = 0; i < alive.Count; i++)
                Add([alive[i].Token, .. drafts.Of(i)], alive[i].Position, alive[i].Pages, alive[i].Group.Ticket.Request.Adapter);
            return Lay(drafts.Shape, cache);
        }

        for (var row = 0; row < drafts.Rows; row++)
        {
            var (sample, ahead) = drafts.Place(row);
            known.Batch.Ids[row] = ahead == 0 ? alive[sample].Token : drafts.Of(sample)[ahead - 1];
            known.Batch.Positions[row] = alive[sample].Position + ahead;
            if (ahead == 0) known.Runs[sample] = known.Runs[sample] with { Position = alive[sample].Position };
        }

        return known.Batch;
    }

    /// <summary>Lays every run that a single sample may be fed, so that none of its tokens costs memory.</summary>
    public void LayDrafts(LiveSample sample, KvCache cache)
    {
        Span<int> tokens = stackalloc int[Drafts.MostRows];
        tokens.Clear();
        for (var rows = 2; rows <= Drafts.MostRows; rows++)
        {
            if (_drafted.ContainsKey(Drafts.ShapeOfOne(rows))) continue;
            Begin();
            Add(tokens[..rows], sample.Position, sample.Pages, sample.Group.Ticket.Request.Adapter);
            Lay(Drafts.ShapeOfOne(rows), cache);
        }
    }

    private TokenBatch Lay(int shape, KvCache cache)
    {
        TokenRun[] runs = [.. _runs];
        var batch = Build(cache, runs);
        _drafted[shape] = (batch, runs);
        return batch;
    }

    /// <summary>Begins a new batch.</summary>
    public void Begin()
    {
        _ids.Clear();
        _runs.Clear();
        _pages.Clear();
        _adapters.Clear();
        _kept.Clear();
    }

    /// <summary>
    /// Adds tokens of one sequence from a position on, whose products are kept from <paramref name="place"/> on where
    /// <paramref name="kept"/> is not null.
    /// </summary>
    public void Add(ReadOnlySpan<int> tokens, int position, PageTable table, IAdapter? adapter, KeptTokens? kept = null,
        int place = 0)
    {
        _store = kept?.Store ?? _store;
        for (var t = 0; t < tokens.Length; t++) _kept.Add(kept?.Keep(place + t) ?? -1);
        _runs.Add(new TokenRun(_ids.Count, tokens.Length, position));
        _ids.AddRange(tokens);
        _pages.Add(table.Pages);
        _adapters.Add(adapter);
    }

    /// <summary>The batch of what was added; <paramref name="steady"/> where it holds samples alone and may be moved on.</summary>
    public TokenBatch Build(KvCache cache, bool steady)
    {
        _laid = [.. _runs];
        var batch = Build(cache, _laid);
        batch.Kept = Kept();
        _last = steady ? batch : null;
        return batch;
    }

    private TokenBatch Build(KvCache cache, TokenRun[] runs)
    {
        var mixed = _adapters.Exists(a => !ReferenceEquals(a, _adapters[0]));
        return TokenBatch.ForCache([.. _ids], runs, [.. _pages], cache, _adapters[0], mixed ? [.. _adapters] : null);
    }

    private KeptRows? Kept()
    {
        if (_store is null || _kept.TrueForAll(row => row < 0)) return null;
        var rows = new KeptRows(_store, _kept.Count, takes: false);
        for (var token = 0; token < _kept.Count; token++) rows.Set(token, _kept[token]);
        return rows;
    }

    /// <summary>
    /// The head sees rows of the batch: where adapters differ, their runs are cut alike (the first runs are one token each, or all rows
    /// are seen).
    /// </summary>
    public static TokenBatch Head(TokenBatch batch, int first, int rows)
    {
        if (batch.RunAdapters is null || rows == batch.Count) return batch;
        var runs = new TokenRun[rows];
        for (var i = 0; i < rows; i++) runs[i] = new TokenRun(i, 1, 0);
        var adapters = new IAdapter?[rows];
        for (var i = 0; i < rows; i++) adapters[i] = batch.RunAdapters[first + i];
        return TokenBatch.ForCache(batch.Ids[first..(first + rows)], runs, new int[rows][], batch.Cache!, batch.Adapter, adapters);
    }
}
