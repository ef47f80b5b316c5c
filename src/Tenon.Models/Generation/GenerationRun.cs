using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models.Generation;

/// <summary>The state of one call of <see cref="Generator.Generate"/>: prompts waiting, prompts being computed, sequences alive.</summary>
internal sealed class GenerationRun
{
    private readonly CausalModel model;
    private readonly GeneratorOptions options;
    private readonly Tape tape;
    private readonly Action<int, int, int>? onToken;
    private readonly Queue<Group> waiting = new();
    private readonly List<Group> open = [];
    private readonly List<Sequence> alive = [];
    private readonly KvCache cache;
    private int reserved;

    public GenerationRun(CausalModel model, GeneratorOptions options, Tape tape, IReadOnlyList<GenerationRequest> requests, Action<int, int, int>? onToken)
    {
        this.model = model;
        this.options = options;
        this.tape = tape;
        this.onToken = onToken;
        for (var r = 0; r < requests.Count; r++)
        {
            var request = requests[r];
            if (options.SharePrompts) waiting.Enqueue(new Group(r, request, 0, request.Samples));
            else
                for (var s = 0; s < request.Samples; s++) waiting.Enqueue(new Group(r, request, s, 1));
        }

        cache = new KvCache(model.Config, Capacity(waiting));
    }

    public List<GeneratedSample> Finished { get; } = [];

    private sealed class Group(int request, GenerationRequest source, int first, int count)
    {
        public int Request { get; } = request;

        public GenerationRequest Source { get; } = source;

        public int[] Prompt => Source.Prompt;

        /// <summary>Positions of the prompt that are computed once: all but the last token.</summary>
        public int Shared => Prompt.Length - 1;

        public int Computed { get; set; }

        /// <summary>Samples alive.</summary>
        public int Active { get; set; }

        public int Next { get; set; } = first;

        public int End { get; } = first + count;

        public List<int> Pages { get; set; } = [];

        public int PromptPages => KvCache.PagesFor(Shared);

        public int PagesOfSample => KvCache.PagesFor(Prompt.Length + Source.MaxNewTokens) - Shared / AttentionLayout.PageSize;
    }

    private sealed class Sequence(Group group, int sample, List<int> pages)
    {
        public Group Group { get; } = group;

        public int Sample { get; } = sample;

        public List<int> Pages { get; } = pages;

        public List<int> Ids { get; } = [];

        public List<float> LogProbabilities { get; } = [];

        public List<float> FullLogProbabilities { get; } = [];

        /// <summary>The token to feed next and its position.</summary>
        public int Token => Ids.Count == 0 ? Group.Prompt[^1] : Ids[^1];

        public int Position => Group.Shared + Ids.Count;
    }

    /// <summary>Enough pages for the largest groups that can be open at once, so that a sequence that has started never waits for memory.</summary>
    private int Capacity(IEnumerable<Group> groups)
    {
        var bySize = groups.Select(g => (Group: g, Pages: g.PromptPages + g.PagesOfSample * Math.Min(options.Concurrency, g.End - g.Next), Samples: g.End - g.Next))
            .OrderByDescending(g => g.Pages).ToList();
        long pages = 1;
        var samples = 0;
        foreach (var group in bySize)
        {
            pages += group.Pages;
            samples += group.Samples;
            if (samples >= options.Concurrency) break;
        }

        // Prompts of the next groups may be computed while the last samples of the current ones still run.
        pages += bySize.Count > 0 ? bySize[0].Pages : 0;
        return checked((int)pages);
    }

    /// <summary>One forward pass; false when nothing is left to do.</summary>
    public bool Step()
    {
        OpenGroups();
        StartSamples();
        if (alive.Count == 0 && open.Count == 0) return false;

        if (alive.Count == 0 && open.TrueForAll(g => g.Computed == g.Shared))
            throw new InvalidOperationException("no sequence can start although the cache was sized for the largest groups");
        var ids = new List<int>();
        var runs = new List<TokenRun>();
        var pages = new List<int[]>();
        var adapters = new List<IAdapter?>();
        foreach (var sequence in alive)
        {
            Grow(sequence.Pages, sequence.Position + 1);
            Append([sequence.Token], sequence.Position, sequence.Pages, sequence.Group.Source.Adapter);
        }

        var budget = Math.Max(options.MaxBatchTokens - alive.Count, AttentionLayout.PageSize);
        foreach (var group in open)
        {
            var count = Math.Min(group.Shared - group.Computed, budget);
            if (count <= 0) continue;
            Grow(group.Pages, group.Computed + count);
            Append(group.Prompt.AsSpan(group.Computed, count), group.Computed, group.Pages, group.Source.Adapter);
            group.Computed += count;
            budget -= count;
        }

        void Append(ReadOnlySpan<int> tokens, int position, List<int> table, IAdapter? adapter)
        {
            runs.Add(new TokenRun(ids.Count, tokens.Length, position));
            ids.AddRange(tokens);
            pages.Add([.. table]);
            adapters.Add(adapter);
        }

        var mixed = adapters.Distinct().Count() > 1;
        var batch = TokenBatch.ForCache([.. ids], [.. runs], [.. pages], cache, adapters[0], mixed ? adapters : null);
        tape.Reset();
        var hidden = model.Forward(tape, batch);
        Choose(hidden, batch);
        return true;
    }

    private void Grow(List<int> table, int positions)
    {
        while (table.Count < KvCache.PagesFor(positions)) table.Add(cache.Take());
    }

    /// <summary>Opens waiting groups while their samples could start soon.</summary>
    private void OpenGroups()
    {
        var samples = alive.Count + open.Sum(g => g.End - g.Next);
        while (waiting.Count > 0 && samples < options.Concurrency)
        {
            var group = waiting.Peek();
            if (reserved + group.PromptPages + group.PagesOfSample > cache.Capacity && (alive.Count > 0 || open.Count > 0)) break;
            reserved += group.PromptPages;
            open.Add(waiting.Dequeue());
            samples += group.End - group.Next;
        }
    }

    /// <summary>Starts samples of the groups whose prompts stand, in order, while there is room.</summary>
    private void StartSamples()
    {
        for (var g = 0; g < open.Count; g++)
        {
            var group = open[g];
            if (group.Computed < group.Shared) break;
            while (group.Next < group.End && alive.Count < options.Concurrency && reserved + group.PagesOfSample <= cache.Capacity)
            {
                reserved += group.PagesOfSample;
                group.Active++;
                alive.Add(new Sequence(group, group.Next++, cache.Fork(group.Pages, group.Shared)));
            }

            if (group.Next < group.End) break;
            // Shared pages stay with the samples' forks, and stay counted until the last of them ends.
            cache.Release(group.Pages);
            open.RemoveAt(g--);
        }
    }

    private void Choose(Tensor hidden, TokenBatch batch)
    {
        var count = alive.Count;
        if (count == 0) return;
        const int chunk = 64;
        var chosen = new SampledToken[count];
        for (var first = 0; first < count; first += chunk)
        {
            var rows = Math.Min(chunk, count - first);
            var logits = model.Logits(tape, tape.Rows(hidden, first, rows), HeadBatch(batch, first, rows));
            var at = first;
            LogitRows.ForEach(tape, logits, (row, values) =>
            {
                var sequence = alive[at + row];
                var uniform = options.Sampling.Temperature == 0 ? 0 : sequence.Group.Source.Place.Uniform(sequence.Group.Source.FirstSample + sequence.Sample, sequence.Position);
                var previous = options.Sampling.RepetitionPenalty == 1 ? [] : (int[])[.. sequence.Group.Prompt, .. sequence.Ids];
                chosen[at + row] = Sampler.Sample(values, previous, options.Sampling, uniform);
            });
        }

        for (var i = 0; i < count; i++) Take(alive[i], chosen[i]);
        alive.RemoveAll(s => s.Ids.Count > 0 && IsFinished(s, out _));
    }

    /// <summary>The head sees rows of the batch: where adapters differ, their runs are cut alike (the first runs are one token each).</summary>
    private static TokenBatch HeadBatch(TokenBatch batch, int first, int rows)
    {
        if (batch.RunAdapters is null) return batch;
        var runs = new TokenRun[rows];
        for (var i = 0; i < rows; i++) runs[i] = new TokenRun(i, 1, 0);
        var adapters = new IAdapter?[rows];
        for (var i = 0; i < rows; i++) adapters[i] = batch.RunAdapters[first + i];
        return TokenBatch.ForCache(batch.Ids[first..(first + rows)], runs, new int[rows][], batch.Cache!, batch.Adapter, adapters);
    }

    private void Take(Sequence sequence, SampledToken token)
    {
        sequence.Ids.Add(token.Id);
        sequence.LogProbabilities.Add(token.LogProbability);
        sequence.FullLogProbabilities.Add(token.FullLogProbability);
        var group = sequence.Group;
        onToken?.Invoke(group.Request, group.Source.FirstSample + sequence.Sample, token.Id);
        if (!IsFinished(sequence, out var reason)) return;
        Finished.Add(new GeneratedSample(group.Request, group.Source.FirstSample + sequence.Sample, [.. sequence.Ids], [.. sequence.LogProbabilities], [.. sequence.FullLogProbabilities], reason));
        cache.Release(sequence.Pages);
        reserved -= group.PagesOfSample;
        if (--group.Active == 0 && group.Next == group.End) reserved -= group.PromptPages;
    }

    private bool IsFinished(Sequence sequence, out FinishReason reason)
    {
        reason = options.EndTokens.Contains(sequence.Ids[^1]) ? FinishReason.Stop : FinishReason.Length;
        return reason == FinishReason.Stop || sequence.Ids.Count >= sequence.Group.Source.MaxNewTokens;
    }
}
