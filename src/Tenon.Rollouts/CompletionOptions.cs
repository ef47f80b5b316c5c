using Tenon.Models.Generation;
using Tenon.Models.Layers;

namespace Tenon.Rollouts;

/// <summary>How a prompt is completed.</summary>
public sealed record CompletionOptions
{
    /// <summary>0 is greedy; the model's own distribution at 1.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Longest completion in tokens; the model's context cuts it.</summary>
    public int MaxNewTokens { get; init; } = 512;

    /// <summary>The system's message, where the model has a chat template.</summary>
    public string? System { get; init; }

    /// <summary>An adapter over the model; null is the model alone.</summary>
    public IAdapter? Adapter { get; init; }

    /// <summary>The seed of the draws.</summary>
    public ulong Seed { get; init; }
}

/// <summary>Text in, text out.</summary>
public static class TextCompletion
{
    /// <summary>
    /// Completes one prompt, through the model's chat template where it has one. The same seed gives the same text, alone or in any
    /// company.
    /// </summary>
    /// <param name="model">An open model.</param>
    /// <param name="prompt">What a person would write.</param>
    /// <param name="options">Temperature, length, adapter.</param>
    /// <returns>The completion without special tokens.</returns>
    /// <exception cref="TenonException">The prompt does not fit into the model's context, or the options are out of range.</exception>
    public static string Complete(this LanguageModel model, string prompt, CompletionOptions? options = null)
    {
        options ??= new CompletionOptions();
        var sampling = new SamplingSettings { Temperature = options.Temperature };
        if (sampling.Validate().FirstOrDefault() is { } fault) throw new TenonException($"CompletionOptions: {fault}", usage: true);
        var ids = model.Encoder.Encode(prompt, options.System);
        var room = model.Model.MaxLength - ids.Length;
        if (room < 1 || options.MaxNewTokens < 1)
            throw new TenonException("a completion", $"a prompt below {model.Model.MaxLength} tokens and at least one new token",
                $"a prompt of {ids.Length} and {options.MaxNewTokens} new tokens", usage: true);
        var generator = new Generator(model.Model, new GeneratorOptions
        {
            Sampling = sampling, EndTokens = model.EndTokens, Precision = model.Precision, Concurrency = 1,
        });
        var request =
            new GenerationRequest(ids, 1, Math.Min(options.MaxNewTokens, room),
            new RandomPlace(options.Seed))
            { Adapter = options.Adapter };
        return model.Encoder.Decode(generator.Generate([request])[0].Ids);
    }
}
