using Tenon.Models.Config;

namespace Tenon.Models.Generation;

/// <summary>
/// Who may begin: requests in the order they came, as long as the cache holds what they may need at most, so that a sample that has begun
/// never waits for memory.
/// An open group holds its prompt's pages and those of one sample; the first group whose samples are not all started has the next room, so
/// that none starves.
/// </summary>
internal sealed class Admission(ModelConfig config, GeneratorOptions options)
{
    private readonly LinkedList<SampleGroup> _waiting = new();
    private readonly List<SampleGroup> _open = [];
    private long _budget = options.CacheBytes is { } bytes ? bytes / KvCache.PageBytes(config, options.Precision) : int.MaxValue;
    private int _reserved;

    public KvCache Cache { get; } = new(config, options.Precision, 1);

    public bool IsIdle => _waiting.Count == 0 && _open.Count == 0;

    /// <summary>True where a prompt is still to be computed.</summary>
    public bool HasPrompts => _open.Exists(g => g.Computed < g.Shared);

    /// <summary>Requests with samples that have not begun.</summary>
    public IEnumerable<GenerationTicket> Tickets => _waiting.Concat(_open).Select(g => g.Ticket);

    /// <summary>Puts a request at the end of the line.</summary>
    public void Enqueue(GenerationTicket ticket)
    {
        var request = ticket.Request;
        var whole = new SampleGroup(ticket, 0, request.Samples, options.Kept);
        long needed = whole.PromptPages + whole.PagesOfSample;
        var most = Math.Max(_budget, (options.LongestBytes ?? 0) / KvCache.PageBytes(config, options.Precision));
        if (needed > most)
            throw new TenonException("cache of sampling", $"at most {most * KvCache.PageBytes(config, options.Precision) / 1e9:F2} GB, the budget",
                $"{needed * KvCache.PageBytes(config, options.Precision) / 1e9:F2} GB for one completion of "
                + $"{request.Prompt.Length} + {request.MaxNewTokens} tokens",
                "shorten the prompt, lower max-new-tokens, or raise the budget");
        _budget = Math.Max(_budget, needed);
        if (options.SharePrompts) _waiting.AddLast(whole);
        else
            for (var s = 0; s < request.Samples; s++) _waiting.AddLast(new SampleGroup(ticket, s, 1, options.Kept));
    }

    /// <summary>
    /// Opens waiting groups whose samples could start soon and starts those whose prompts stand; true where <paramref name="alive"/> grew.
    /// </summary>
    public bool Admit(List<LiveSample> alive)
    {
        // What an ended sample gave back belongs to the group at the head before a new one is opened: else it could wait for ever.
        var before = alive.Count;
        if (!Start(alive)) return alive.Count > before;
        Open(alive.Count);
        Start(alive);
        return alive.Count > before;
    }

    /// <summary>Adds pieces of the open groups' prompts, at most so many tokens; true where there were any.</summary>
    public bool AddPrompts(EngineBatch batch, int tokens)
    {
        var any = false;
        foreach (var group in _open)
        {
            var count = Math.Min(group.Shared - group.Computed, tokens);
            if (count <= 0) continue;
            Cache.Extend(group.Pages, group.Computed + count);
            batch.Add(group.Prompt.AsSpan(group.Computed, count), group.Computed, group.Pages, group.Ticket.Request.Adapter, group.Kept,
                group.Computed);
            group.Computed += count;
            tokens -= count;
            any = true;
        }

        return any;
    }

    /// <summary>Takes the pages of a sample back.</summary>
    public void End(LiveSample sample)
    {
        Cache.Release(sample.Pages);
        _reserved -= sample.Group.PagesOfSample;
        sample.Group.Active--;
        if (sample.Group.IsOver) _reserved -= sample.Group.PromptPages;
    }

    /// <summary>Forgets groups of cancelled requests; their samples alive have ended before.</summary>
    public void DropCancelled()
    {
        for (var node = _waiting.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.Ticket.IsCancelled) _waiting.Remove(node);
            node = next;
        }

        foreach (var group in _open.Where(g => g.Ticket.IsCancelled))
        {
            Cache.Release(group.Pages);
            _reserved -= group.PromptPages + (group.HoldsFirst ? group.PagesOfSample : 0);
        }

        _open.RemoveAll(g => g.Ticket.IsCancelled);
    }

    private void Open(int alive)
    {
        if (_waiting.Count == 0) return;
        var samples = alive + _open.Sum(g => g.End - g.Next);
        while (_waiting.First is { Value: var group } && samples < options.Concurrency)
        {
            var need = group.PromptPages + group.PagesOfSample;
            if (_reserved + need > Cache.Capacity) Cache.Grow(Wanted(need));
            if (_reserved + need > Cache.Capacity) break;
            _reserved += need;
            group.HoldsFirst = true;
            _waiting.RemoveFirst();
            _open.Add(group);
            samples += group.End - group.Next;
        }
    }

    /// <summary>Starts samples in order; false where one waits for memory.</summary>
    private bool Start(List<LiveSample> alive)
    {
        for (var g = 0; g < _open.Count; g++)
        {
            var group = _open[g];
            if (group.Computed < group.Shared) break;
            while (group.Next < group.End && alive.Count < options.Concurrency)
            {
                if (!group.HoldsFirst)
                {
                    if (_reserved + group.PagesOfSample > Cache.Capacity) Cache.Grow(Wanted(group.PagesOfSample));
                    if (_reserved + group.PagesOfSample > Cache.Capacity) return false;
                    _reserved += group.PagesOfSample;
                }

                group.HoldsFirst = false;
                group.Active++;
                var sample = new LiveSample(group, group.Next++,
                    Cache.Fork(group.Pages, group.Shared, group.Shared / Tensors.Ops.AttentionLayout.PageSize + group.PagesOfSample));
                alive.Add(sample);
                group.Ticket.Drafts?.Begin(sample);
            }

            if (group.Next < group.End) break;
            // Shared pages stay with the samples' forks, and stay counted until the last of them ends.
            Cache.Release(group.Pages);
            _open.RemoveAt(g--);
        }

        return true;
    }

    /// <summary>
    /// Pages in all for what is in use, <paramref name="need"/> more, and the largest groups in line that can be open at once: where all
    /// work is known beforehand, the
    /// cache grows once. At least a half more than it has, at most the budget.
    /// </summary>
    private int Wanted(int need)
    {
        long pages = _reserved + need;
        var (samples, largest) = (0, 0L);
        foreach (var group in _waiting.Concat(_open).OrderByDescending(Pages))
        {
            largest = Math.Max(largest, Pages(group));
            pages += Pages(group);
            samples += group.End - group.Next;
            if (samples >= options.Concurrency) break;
        }

        // Prompts of the next groups may be computed while the last samples of the current ones still run.
        return (int)Math.Min(_budget, Math.Max(pages + largest, Cache.Capacity + Cache.Capacity / 2));
    }

    private long Pages(SampleGroup group) =>
        group.PromptPages + (long)group.PagesOfSample * Math.Min(options.Concurrency, group.End - group.Next);
}
