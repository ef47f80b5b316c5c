using Tenon.Tensors;

namespace Tenon.Models.Generation;

/// <summary>
/// Continuous batching: each step's batch holds one token of every sequence alive and pieces of the prompts that come next; a finished sequence's place is
/// taken by the next one. The prompt but its last token is computed once for a group; each sample starts by feeding the last prompt token.
/// Ids in, ids out. What a sample becomes depends on its request, its number and the settings, never on what else is in the batch.
/// </summary>
public sealed class Generator
{
    private readonly CausalModel model;
    private readonly GeneratorOptions options;
    private readonly Tape tape;

    /// <summary>A generator over a model; it keeps its workspace between calls.</summary>
    public Generator(CausalModel model, GeneratorOptions options)
    {
        this.model = model;
        this.options = options;
        tape = new Tape(options.Pool, options.Precision);
        var faults = options.Sampling.Validate().ToList();
        if (faults.Count > 0) throw new TenonException("sampling settings", got: string.Join("; ", faults), usage: true);
    }

    /// <summary>Samples all requests and returns them ordered by request, then sample. <paramref name="onToken"/> sees each token (request, sample, id) as it is chosen.</summary>
    public IReadOnlyList<GeneratedSample> Generate(IReadOnlyList<GenerationRequest> requests, Action<int, int, int>? onToken = null, CancellationToken cancel = default)
    {
        foreach (var request in requests) Check(request);
        var run = new GenerationRun(model, options, tape, requests, onToken);
        while (run.Step()) cancel.ThrowIfCancellationRequested();
        tape.Reset();
        return [.. run.Finished.OrderBy(s => s.Request).ThenBy(s => s.Sample)];
    }

    private void Check(GenerationRequest request)
    {
        if (request.Prompt.Length == 0) throw new TenonException("prompt", "at least one token", "none", "an empty prompt needs a begin token", usage: true);
        if (request.MaxNewTokens < 1) throw new TenonException("max-new-tokens", "1 or more", $"{request.MaxNewTokens}", usage: true);
        if (request.Prompt.Length + request.MaxNewTokens > model.MaxLength)
            throw new TenonException("length of prompt and completion", $"at most {model.MaxLength} tokens", $"{request.Prompt.Length} + {request.MaxNewTokens}",
                "shorten the prompt, lower max-new-tokens, or load the model with a larger maximum length");
        foreach (var id in request.Prompt)
            if ((uint)id >= (uint)model.Config.VocabSize) throw new TenonException("token id of a prompt", $"0 to {model.Config.VocabSize - 1}", $"{id}", "tokenizer and model belong to different models");
    }
}
