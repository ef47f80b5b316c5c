using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Generation;

/// <summary>Samples of one request that share their prompt's pages: all of the request's, or one where prompts are not shared.</summary>
internal sealed class SampleGroup(GenerationTicket ticket, int first, int count, KeptProducts? kept = null)
{
    public GenerationTicket Ticket { get; } = ticket;

    public int[] Prompt => Ticket.Request.Prompt;

    /// <summary>Positions of the prompt that are computed once: all but the last token.</summary>
    public int Shared => Prompt.Length - 1;

    /// <summary>Positions of them that stand in the cache.</summary>
    public int Computed { get; set; }

    /// <summary>Samples alive.</summary>
    public int Active { get; set; }

    /// <summary>The next sample to start, and the one after the last.</summary>
    public int Next { get; set; } = first;

    public int End { get; } = first + count;

    /// <summary>True where every sample has started and ended.</summary>
    public bool IsOver => Active == 0 && Next == End;

    /// <summary>Pages set aside for the first sample while none has started, so that an open group can always begin.</summary>
    public bool HoldsFirst { get; set; }

    /// <summary>Where the prompt's products are kept; null where they are not.</summary>
    public KeptTokens? Kept { get; } = kept is { IsOpen: true } ? new KeptTokens(kept) : null;

    public PageTable Pages { get; } = new(KvCache.PagesFor(ticket.Request.Prompt.Length - 1));

    public int PromptPages => KvCache.PagesFor(Shared);

    public int PagesOfSample => KvCache.PagesFor(Prompt.Length + Ticket.Request.MaxNewTokens) - Shared / AttentionLayout.PageSize;
}

/// <summary>A completion that is being sampled.</summary>
internal sealed class LiveSample(SampleGroup group, int number, PageTable pages)
{
    private const int FirstRoom = 64;
    private int[] _ids = new int[Math.Min(FirstRoom, group.Ticket.Request.MaxNewTokens)];
    private float[] _sampled = new float[Math.Min(FirstRoom, group.Ticket.Request.MaxNewTokens)];
    private float[] _full = new float[Math.Min(FirstRoom, group.Ticket.Request.MaxNewTokens)];

    public SampleGroup Group { get; } = group;

    /// <summary>Its number within the whole group: its random numbers hang on it.</summary>
    public int Number { get; } = group.Ticket.Request.FirstSample + number;

    public PageTable Pages { get; } = pages;

    /// <summary>Where its products are kept, behind those of its prompt; null where they are not.</summary>
    public KeptTokens? Kept { get; } = group.Kept is { } prompt ? new KeptTokens(prompt.Store, prompt) : null;

    public int Count { get; private set; }

    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>The token to feed next and its position.</summary>
    public int Token => Count == 0 ? Group.Prompt[^1] : _ids[Count - 1];

    public int Position => Group.Shared + Count;

    public bool IsOver { get; private set; }

    /// <summary>Its tokens that stand in the index of drafts.</summary>
    public int Indexed { get; set; }

    /// <summary>Takes a token; true where the completion ends with it.</summary>
    public bool Add(SampledToken token)
    {
        if (Count == _ids.Length)
        {
            // By doubling, so that a long completion is not copied over and over, nor a short one given room for the limit.
            var room = Math.Min(2 * Count, Group.Ticket.Request.MaxNewTokens);
            Array.Resize(ref _ids, room);
            Array.Resize(ref _sampled, room);
            Array.Resize(ref _full, room);
        }

        _ids[Count] = token.Id;
        _sampled[Count] = token.LogProbability;
        _full[Count++] = token.FullLogProbability;
        IsStopped = Group.Ticket.EndTokens.Contains(token.Id) || Group.Ticket.Request.Stop?.Invoke(Number, Ids) == true;
        return IsOver = IsStopped || Count >= Group.Ticket.Request.MaxNewTokens;
    }

    private bool IsStopped { get; set; }

    public GeneratedSample Finish()
    {
        var result = new GeneratedSample(Group.Ticket.Number, Number, _ids[..Count], _sampled[..Count], _full[..Count],
            IsStopped ? FinishReason.Stop : FinishReason.Length)
        { Kept = Kept };
        // Drafts may go on reading its tokens, and nothing else of it.
        (_sampled, _full) = ([], []);
        return result;
    }
}
