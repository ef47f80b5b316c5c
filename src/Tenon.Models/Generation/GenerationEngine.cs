using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Generation;

/// <summary>
/// Continuous batching that takes work while it runs: each step's batch holds one token of every sample alive and pieces of the prompts that come next; an ended
/// sample's place is taken by the next one. The prompt but its last token is computed once for a group; each sample starts by feeding the last prompt token.
/// Ids in, ids out. What a sample becomes depends on its request, its number and the settings, never on what else is in the batch or when it joined.
/// One caller at a time; requests may be submitted and cancelled between steps and from the callbacks.
/// </summary>
public sealed class GenerationEngine
{
    private const int LogitRowsAtOnce = 64;
    private readonly CausalModel model;
    private readonly GeneratorOptions options;
    private readonly Tape tape;
    private readonly EngineBatch batch = new();
    private readonly Admission admission;
    private readonly List<LiveSample> alive = [];
    private readonly List<GenerationTicket> cancelled = [];
    private readonly LogitRows.RowAction choose;
    private SampledToken[] chosen = [];
    private int firstRow;
    private int submitted;

    /// <summary>An engine over a model; it keeps its workspace and its cache for as long as it lives.</summary>
    public GenerationEngine(CausalModel model, GeneratorOptions options)
    {
        this.model = model;
        this.options = options;
        RequireUsable(options.Sampling);
        if (options.Concurrency < 1) throw new TenonException("concurrency of sampling", "1 or more", $"{options.Concurrency}", usage: true);
        tape = new Tape(options.Pool, options.Precision);
        admission = new Admission(model.Config, options);
        choose = Choose;
    }

    /// <summary>True where nothing is left to do.</summary>
    public bool IsIdle => alive.Count == 0 && admission.IsIdle;

    /// <summary>Samples alive.</summary>
    public int Alive => alive.Count;

    /// <summary>Bytes of keys and values that the engine holds.</summary>
    public long CacheBytes => (long)admission.Cache.Capacity * KvCache.PageBytes(model.Config);

    internal int Pages => admission.Cache.Capacity;

    internal int FreePages => admission.Cache.FreePages;

    /// <summary>Takes a request in; it joins the batch at the next step that has room, after what was submitted before it.</summary>
    /// <param name="request">What to sample.</param>
    /// <param name="onSample">Sees each completion as it ends.</param>
    /// <param name="onToken">Sees each token (sample, token) as it is chosen.</param>
    /// <exception cref="TenonException">It is empty, too long, holds foreign ids, or needs more memory than the engine's budget.</exception>
    public GenerationTicket Submit(GenerationRequest request, Action<GeneratedSample>? onSample = null, Action<int, SampledToken>? onToken = null)
    {
        Check(request);
        var ticket = new GenerationTicket(submitted, request, request.Sampling ?? options.Sampling, request.EndTokens ?? options.EndTokens) { OnSample = onSample, OnToken = onToken };
        admission.Enqueue(ticket);
        submitted++;
        return ticket;
    }

    /// <summary>Gives a request up: its samples that are not over are dropped, and their room is free at the next step.</summary>
    public void Cancel(GenerationTicket ticket)
    {
        if (ticket.IsDone) return;
        ticket.IsCancelled = true;
        cancelled.Add(ticket);
    }

    /// <summary>Gives everything up.</summary>
    public void CancelAll()
    {
        foreach (var ticket in admission.Tickets.Concat(alive.Select(s => s.Group.Ticket)).Distinct().ToList()) Cancel(ticket);
        DropCancelled();
    }

    /// <summary>One forward pass; false when nothing is left to do.</summary>
    public bool Step()
    {
        DropCancelled();
        if (admission.Admit(alive)) batch.Invalidate();
        if (alive.Count == 0 && admission.IsIdle)
        {
            tape.Reset();
            return false;
        }

        foreach (var sample in alive) admission.Cache.Extend(sample.Pages, sample.Position + 1);
        var tokens = admission.HasPrompts ? Build() : batch.Advance(alive) ?? Build();
        tape.Reset();
        var hidden = model.Forward(tape, tokens);
        if (alive.Count > 0) ChooseAll(hidden, tokens);
        return true;
    }

    private Layers.TokenBatch Build()
    {
        batch.Begin();
        foreach (var sample in alive) batch.Add([sample.Token], sample.Position, sample.Pages, sample.Group.Ticket.Request.Adapter);
        var prompts = admission.AddPrompts(batch, Math.Max(options.MaxBatchTokens - alive.Count, AttentionLayout.PageSize));
        return batch.Build(admission.Cache, steady: !prompts);
    }

    private void ChooseAll(Tensor hidden, Layers.TokenBatch tokens)
    {
        var count = alive.Count;
        if (chosen.Length < count) chosen = new SampledToken[Math.Max(count, options.Concurrency)];
        for (firstRow = 0; firstRow < count; firstRow += LogitRowsAtOnce)
        {
            var rows = Math.Min(LogitRowsAtOnce, count - firstRow);
            var logits = model.Logits(tape, tape.Rows(hidden, firstRow, rows), EngineBatch.Head(tokens, firstRow, rows));
            LogitRows.ForEach(tape, logits, choose);
        }

        for (var i = 0; i < count; i++) Take(alive[i], chosen[i]);
        if (alive.RemoveAll(s => s.IsOver) > 0) batch.Invalidate();
    }

    // Runs on any worker: it reads the sample and writes its own place of `chosen`.
    private void Choose(int row, Span<float> logits)
    {
        var sample = alive[firstRow + row];
        var ticket = sample.Group.Ticket;
        var sampling = ticket.Sampling;
        var uniform = sampling.Temperature == 0 ? 0 : ticket.Request.Place.Uniform(sample.Number, sample.Position);
        var previous = sampling.RepetitionPenalty == 1 ? [] : (int[])[.. sample.Group.Prompt, .. sample.Ids];
        chosen[firstRow + row] = Sampler.Sample(logits, previous, sampling, uniform);
    }

    private void Take(LiveSample sample, SampledToken token)
    {
        var over = sample.Add(token);
        var ticket = sample.Group.Ticket;
        ticket.OnToken?.Invoke(sample.Number, token);
        if (!over) return;
        admission.End(sample);
        ticket.Finished++;
        ticket.OnSample?.Invoke(sample.Finish());
    }

    private void DropCancelled()
    {
        if (cancelled.Count == 0) return;
        foreach (var sample in alive.Where(s => s.Group.Ticket.IsCancelled)) admission.End(sample);
        if (alive.RemoveAll(s => s.Group.Ticket.IsCancelled) > 0) batch.Invalidate();
        admission.DropCancelled();
        cancelled.Clear();
    }

    private void Check(GenerationRequest request)
    {
        if (request.Prompt.Length == 0) throw new TenonException("prompt", "at least one token", "none", "an empty prompt needs a begin token", usage: true);
        if (request.Samples < 1) throw new TenonException("samples of a request", "1 or more", $"{request.Samples}", usage: true);
        if (request.MaxNewTokens < 1) throw new TenonException("max-new-tokens", "1 or more", $"{request.MaxNewTokens}", usage: true);
        if (request.Prompt.Length + request.MaxNewTokens > model.MaxLength)
            throw new TenonException("length of prompt and completion", $"at most {model.MaxLength} tokens", $"{request.Prompt.Length} + {request.MaxNewTokens}",
                "shorten the prompt, lower max-new-tokens, or load the model with a larger maximum length");
        foreach (var id in request.Prompt)
            if ((uint)id >= (uint)model.Config.VocabSize)
                throw new TenonException("token id of a prompt", $"0 to {model.Config.VocabSize - 1}", $"{id}", "tokenizer and model belong to different models");
        if (request.Sampling is { } sampling) RequireUsable(sampling);
    }

    private static void RequireUsable(SamplingSettings sampling)
    {
        var faults = sampling.Validate().ToList();
        if (faults.Count > 0) throw new TenonException("sampling settings", got: string.Join("; ", faults), usage: true);
    }
}
