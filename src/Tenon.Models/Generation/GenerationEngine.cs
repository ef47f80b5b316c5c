using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Generation;

/// <summary>
/// Continuous batching that takes work while it runs: each step's batch holds one token of every sample alive and pieces of the prompts
/// that come next; an ended
/// sample's place is taken by the next one. The prompt but its last token is computed once for a group; each sample starts by feeding the
/// last prompt token.
/// Where few samples are alive, drafts of their next tokens may go along (<see cref="Drafts"/>), which are dropped where they were wrong.
/// Ids in, ids out. What a sample becomes depends on its request, its number and the settings, never on what else is in the batch or when
/// it joined.
/// One caller at a time; requests may be submitted and cancelled between steps and from the callbacks.
/// </summary>
public sealed class GenerationEngine
{
    private const int LogitRowsAtOnce = 64;
    private readonly CausalModel _model;
    private readonly GeneratorOptions _options;
    private readonly Tape _tape;
    private readonly EngineBatch _batch = new();
    private readonly Admission _admission;
    private readonly List<LiveSample> _alive = [];
    private readonly List<GenerationTicket> _cancelled = [];
    private readonly LogitRows.RowAction _choose;
    private readonly LogitRows.RowAction _chooseDue;
    private readonly Drafts? _drafts;
    private SampledToken[] _chosen = [];
    private int _firstRow;
    private int _submitted;

    /// <summary>An engine over a model; it keeps its workspace and its cache for as long as it lives.</summary>
    public GenerationEngine(CausalModel model, GeneratorOptions options)
    {
        _model = model;
        _options = options;
        RequireUsable(options.Sampling);
        if (options.Concurrency < 1)
            throw new TenonException("concurrency of sampling", "1 or more", $"{options.Concurrency}", usage: true);
        _tape = new Tape(options.Pool, options.Precision);
        _admission = new Admission(model.Config, options);
        _choose = Choose;
        _chooseDue = ChooseDue;
        _drafts = options.Speculate ? new Drafts() : null;
    }

    /// <summary>True where nothing is left to do.</summary>
    public bool IsIdle => _alive.Count == 0 && _admission.IsIdle;

    /// <summary>Samples alive.</summary>
    public int Alive => _alive.Count;

    /// <summary>True where no request waits and another sample could begin with the next step.</summary>
    public bool HasRoom => _admission.IsIdle && _alive.Count < _options.Concurrency;

    /// <summary>Bytes of keys and values that the engine holds.</summary>
    public long CacheBytes => (long)_admission.Cache.Capacity * KvCache.PageBytes(_model.Config, _options.Precision);

    /// <summary>Tokens that were drafted (<see cref="GeneratorOptions.Speculate"/>) and computed.</summary>
    public long DraftedTokens => _drafts?.Drafted ?? 0;

    /// <summary>Drafted tokens that the model chose, too.</summary>
    public long AcceptedTokens => _drafts?.Accepted ?? 0;

    internal int Pages => _admission.Cache.Capacity;

    internal int FreePages => _admission.Cache.FreePages;

    /// <summary>Takes a request in; it joins the batch at the next step that has room, after what was submitted before it.</summary>
    /// <param name="request">What to sample.</param>
    /// <param name="onSample">Sees each completion as it ends.</param>
    /// <param name="onToken">Sees each token (sample, token) as it is chosen.</param>
    /// <exception cref="TenonException">It is empty, too long, holds foreign ids, or needs more memory than the engine's
    /// budget.</exception>
    public GenerationTicket Submit(GenerationRequest request, Action<GeneratedSample>? onSample = null, Action<int, SampledToken>? onToken =
        null)
    {
        Check(request);
        var ticket =
            new GenerationTicket(_submitted, request, request.Sampling ?? _options.Sampling, request.EndTokens
            ?? _options.EndTokens)
            { OnSample = onSample, OnToken = onToken, Drafts = _drafts is null ? null : new DraftIndex(request.Prompt) };
        _admission.Enqueue(ticket);
        _submitted++;
        return ticket;
    }

    /// <summary>Gives a request up: its samples that are not over are dropped, and their room is free at the next step.</summary>
    public void Cancel(GenerationTicket ticket)
    {
        if (ticket.IsDone) return;
        ticket.IsCancelled = true;
        _cancelled.Add(ticket);
    }

    /// <summary>Gives everything up.</summary>
    public void CancelAll()
    {
        foreach (var ticket in _admission.Tickets.Concat(_alive.Select(s => s.Group.Ticket)).Distinct().ToList()) Cancel(ticket);
        DropCancelled();
    }

    /// <summary>One forward pass; false when nothing is left to do.</summary>
    public bool Step()
    {
        DropCancelled();
        if (_admission.Admit(_alive)) _batch.Invalidate();
        if (_alive.Count == 0 && _admission.IsIdle)
        {
            _tape.Reset();
            return false;
        }

        var hasPrompts = _admission.HasPrompts;
        if (!hasPrompts && _drafts?.Find(_alive) == true)
        {
            StepDrafted(_drafts);
            return true;
        }

        foreach (var sample in _alive) _admission.Cache.Extend(sample.Pages, sample.Position + 1);
        var tokens = hasPrompts ? Build() : _batch.Advance(_alive) ?? Build();
        _tape.Reset();
        var hidden = _model.Forward(_tape, tokens);
        if (_alive.Count > 0) ChooseAll(hidden, tokens);
        return true;
    }

    // Keys and values of drafted tokens that are dropped lie behind the sample's position, where nothing reads before they are overwritten.
    private void StepDrafted(Drafts drafts)
    {
        for (var i = 0; i < _alive.Count; i++)
            _admission.Cache.Extend(_alive[i].Pages, _alive[i].Position + 1 + drafts.Of(i).Length);
        var tokens = _batch.Drafted(_alive, drafts, _admission.Cache);
        _tape.Reset();
        var logits = _model.Logits(_tape, _model.Forward(_tape, tokens), tokens);
        MakeRoom(drafts.Rows);
        do LogitRows.ForEach(_tape, logits, _chooseDue);
        while (drafts.Next(_chosen));
        for (var i = 0; i < _alive.Count; i++)
        {
            var (sample, (row, right)) = (_alive[i], drafts.Outcome(i));
            for (var t = 0; t <= right && !sample.IsOver && (t == 0 || !sample.Group.Ticket.IsCancelled); t++)
                Take(sample, _chosen[row + t]);
        }

        if (_alive.RemoveAll(s => s.IsOver) > 0) _batch.Invalidate();
    }

    private Layers.TokenBatch Build()
    {
        _batch.Begin();
        foreach (var sample in _alive)
            _batch.Add([sample.Token], sample.Position, sample.Pages, sample.Group.Ticket.Request.Adapter, sample.Kept, sample.Count);
        var prompts = _admission.AddPrompts(_batch, Math.Max(_options.MaxBatchTokens - _alive.Count, AttentionLayout.PageSize));
        var batch = _batch.Build(_admission.Cache, steady: !prompts);
        if (!prompts && _drafts is not null && _alive.Count == 1) _batch.LayDrafts(_alive[0], _admission.Cache);
        return batch;
    }

    private void ChooseAll(Tensor hidden, Layers.TokenBatch tokens)
    {
        var count = _alive.Count;
        MakeRoom(count);
        for (_firstRow = 0; _firstRow < count; _firstRow += LogitRowsAtOnce)
        {
            var rows = Math.Min(LogitRowsAtOnce, count - _firstRow);
            var logits = _model.Logits(_tape, _tape.Rows(hidden, _firstRow, rows), EngineBatch.Head(tokens, _firstRow, rows));
            LogitRows.ForEach(_tape, logits, _choose);
        }

        for (var i = 0; i < count; i++) Take(_alive[i], _chosen[i]);
        if (_alive.RemoveAll(s => s.IsOver) > 0) _batch.Invalidate();
    }

    private void MakeRoom(int rows)
    {
        if (_chosen.Length < rows) _chosen = new SampledToken[Math.Max(rows, _options.Concurrency)];
    }

    // These run on any worker: they read the sample and write their own place of `chosen`.
    private void Choose(int row, Span<float> logits) => _chosen[_firstRow + row] = Choose(_alive[_firstRow + row], [], logits);

    private void ChooseDue(int row, Span<float> logits)
    {
        if (!_drafts!.IsDue(row)) return;
        var (sample, ahead) = _drafts.Place(row);
        _chosen[row] = Choose(_alive[sample], _drafts.Of(sample)[..ahead], logits);
    }

    // The token after a sample's own and a draft.
    private static SampledToken Choose(LiveSample sample, ReadOnlySpan<int> draft, Span<float> logits)
    {
        var ticket = sample.Group.Ticket;
        var sampling = ticket.Sampling;
        var uniform = sampling.Temperature == 0 ? 0 : ticket.Request.Place.Uniform(sample.Number, sample.Position + draft.Length);
        var previous = sampling.RepetitionPenalty == 1 ? [] : (int[])[.. sample.Group.Prompt, .. sample.Ids, .. draft];
        return Sampler.Sample(logits, previous, sampling, uniform);
    }

    private void Take(LiveSample sample, SampledToken token)
    {
        var over = sample.Add(token);
        var ticket = sample.Group.Ticket;
        ticket.OnToken?.Invoke(sample.Number, token);
        if (!over) return;
        _admission.End(sample);
        ticket.Finished++;
        if (ticket.IsDone) ticket.Drafts = null;
        ticket.OnSample?.Invoke(sample.Finish());
    }

    private void DropCancelled()
    {
        if (_cancelled.Count == 0) return;
        foreach (var sample in _alive.Where(s => s.Group.Ticket.IsCancelled)) _admission.End(sample);
        if (_alive.RemoveAll(s => s.Group.Ticket.IsCancelled) > 0) _batch.Invalidate();
        _admission.DropCancelled();
        foreach (var ticket in _cancelled) ticket.Drafts = null;
        _cancelled.Clear();
    }

    private void Check(GenerationRequest request)
    {
        if (request.Prompt.Length == 0)
            throw new TenonException("prompt", "at least one token", "none", "an empty prompt needs a begin token", usage: true);
        if (request.Samples < 1) throw new TenonException("samples of a request", "1 or more", $"{request.Samples}", usage: true);
        if (request.MaxNewTokens < 1) throw new TenonException("max-new-tokens", "1 or more", $"{request.MaxNewTokens}", usage: true);
        if (request.Prompt.Length + request.MaxNewTokens > _model.MaxLength)
            throw new TenonException("length of prompt and completion", $"at most {_model.MaxLength} tokens",
                $"{request.Prompt.Length} + {request.MaxNewTokens}",
                "shorten the prompt, lower max-new-tokens, or load the model with a larger maximum length");
        foreach (var id in request.Prompt)
            if ((uint)id >= (uint)_model.Config.VocabSize)
                throw new TenonException("token id of a prompt", $"0 to {_model.Config.VocabSize - 1}", $"{id}",
                    "tokenizer and model belong to different models");
        if (request.Sampling is { } sampling) RequireUsable(sampling);
    }

    private static void RequireUsable(SamplingSettings sampling)
    {
        var faults = sampling.Validate().ToList();
        if (faults.Count > 0) throw new TenonException("sampling settings", got: string.Join("; ", faults), usage: true);
    }
}
