using System.Text.Json;
using Tenon.Models;
using Tenon.Models.Config;
using Tenon.Models.Decoders;
using Tenon.Models.Weights;
using Tenon.Tensors;
using Tenon.Text.Prompting;
using Tenon.Text.Tokenizers;

namespace Tenon.Rollouts;

/// <summary>A MODEL word opened for work: weights packed, tokenizer, chat template, end tokens.</summary>
/// <param name="Model">The weights.</param>
/// <param name="Encoder">Prompts to ids, completions to text.</param>
/// <param name="EndTokens">Ids that end a completion.</param>
/// <param name="Tokenizer">The tokenizer with its template and special tokens.</param>
/// <param name="Name">The word it was opened by.</param>
public sealed record LanguageModel(CausalModel Model, PromptEncoder Encoder, IReadOnlySet<int> EndTokens, TokenizerSource Tokenizer,
    string Name)
{
    /// <summary>What a person should know of how the model was read; mostly empty.</summary>
    public IReadOnlyList<string> Notices { get; private init; } = [];

    /// <summary>The precision that it was opened in.</summary>
    public Precision Precision { get; private init; }

    /// <summary>The weights alone, for work on ids: no tokenizer is needed; end tokens are those of the configuration.</summary>
    /// <param name="name">The MODEL word.</param>
    /// <param name="precision">Rounding of products with frozen weights.</param>
    /// <param name="needed">Tokens of the longest sequence that must fit; more than the model's context are refused.</param>
    /// <param name="wanted">Tokens of the longest sequence that may come about; the context cuts it.</param>
    public static OpenedWeights OpenWeights(string name, Precision precision, int needed, int wanted = 0)
    {
        using var source = ModelSource.Open(name);
        var context = ContextOf(source.Config);
        if (needed > context)
            throw new TenonException($"the longest input of model '{name}'", $"at most {context} tokens, the model's context", $"{needed}",
                "shorten it, or take a model with a longer context", usage: true);
        var length = Math.Max(needed, Math.Min(wanted, context));
        var model =
            DecoderBuilder.Build(source.Config, source.Weights, new LoadOptions(precision, Math.Max(1, length)), source.Fingerprint);
        return new OpenedWeights(model,
            new HashSet<int>(source.Config.EosTokenIds))
        { Notices = [.. source.Notices, .. Experimental(precision)] };
    }

    /// <summary>Opens a model: a Hugging Face folder, a .gguf file, or <c>tiny</c>.</summary>
    /// <param name="name">The MODEL word.</param>
    /// <param name="precision">Rounding of products with frozen weights.</param>
    /// <param name="maxLength">Longest sequence of the work at hand; null takes the model's own limit, at most 4096.</param>
    /// <param name="chatTemplate">False leaves the chat template out; null uses it where the model has one.</param>
    /// <param name="arguments">Variables of the chat template.</param>
    /// <param name="tokenizerPre">The rule that cuts a GGUF file's text, where the file names none.</param>
    public static LanguageModel Open(string name, Precision precision = Precision.F32, int? maxLength = null, bool? chatTemplate = null,
        IReadOnlyDictionary<string, JsonElement>? arguments = null, string? tokenizerPre = null) =>
        Open(name, (_, config) => maxLength
        ?? (int)Math.Min(config.MaxPositionEmbeddings, 4096), precision, chatTemplate, arguments, tokenizerPre);

    /// <summary>Opens a model for work whose longest sequence is known once its prompts are encoded.</summary>
    /// <param name="name">The MODEL word.</param>
    /// <param name="lengthOf">Longest sequence of the work at hand, from the encoder and the configuration.</param>
    /// <param name="precision">Rounding of products with frozen weights.</param>
    /// <param name="chatTemplate">False leaves the chat template out; null uses it where the model has one.</param>
    /// <param name="arguments">Variables of the chat template.</param>
    /// <param name="tokenizerPre">The rule that cuts a GGUF file's text, where the file names none.</param>
    public static LanguageModel Open(string name, Func<PromptEncoder, ModelConfig, int> lengthOf, Precision precision =
        Precision.F32, bool? chatTemplate = null,
        IReadOnlyDictionary<string, JsonElement>? arguments = null, string? tokenizerPre = null)
    {
        using var source = ModelSource.Open(name);
        var tokenizer = TokenizerSource.Open(name, tokenizerPre);
        var encoder = PromptEncoder.Of(tokenizer, chatTemplate, arguments);
        // A run says how long it may become at most; longer than the model's own context it never gets (prompts that do not fit are counted
        // skips).
        var length = Math.Min(lengthOf(encoder, source.Config), ContextOf(source.Config));
        var model = DecoderBuilder.Build(source.Config, source.Weights, new LoadOptions(precision, length), source.Fingerprint);
        var ends = new HashSet<int>(source.Config.EosTokenIds);
        if (tokenizer.EosTokenId is { } eos) ends.Add(eos);
        return new LanguageModel(model, encoder, ends, tokenizer, name)
        {
            Precision = precision,
            Notices = [.. source.Notices, .. tokenizer.Notices, .. Experimental(precision)]
        };
    }

    /// <summary>
    /// The same weights with slots of their own, for another adapter that is trained at the same time; tokenizer and template are read
    /// anew, as another run may set them otherwise.
    /// </summary>
    /// <param name="maxLength">Longest sequence of the work at hand; the model's context cuts it.</param>
    /// <param name="chatTemplate">False leaves the chat template out; null uses it where the model has one.</param>
    /// <param name="arguments">Variables of the chat template.</param>
    /// <param name="tokenizerPre">The rule that cuts a GGUF file's text, where the file names none.</param>
    public LanguageModel Share(int maxLength, bool? chatTemplate = null, IReadOnlyDictionary<string, JsonElement>? arguments = null,
        string? tokenizerPre = null)
    {
        var tokenizer = TokenizerSource.Open(Name, tokenizerPre);
        var length = Math.Min(maxLength, ContextOf(Model.Config));
        return this with
        {
            Model = Model.Share(length),
            Tokenizer = tokenizer,
            Encoder = PromptEncoder.Of(tokenizer, chatTemplate, arguments),
        };
    }

    private static string[] Experimental(Precision precision) => precision.IsInt8()
        ? [$"precision {precision.Word()} is experimental; matrices that the file does not store as integers in blocks of 32 are "
        + $"rounded to such (docs/performance.md)"]
        : [];

    /// <summary>
    /// The longest sequence that a model was made for; where its rotary frequencies stretch with the length, there is no fixed end.
    /// </summary>
    public static int ContextOf(ModelConfig config) =>
        config.RopeScaling.Type is RopeType.Default or RopeType.Llama3 ? (int)Math.Min(config.MaxPositionEmbeddings, int.MaxValue)
        : int.MaxValue;
}

/// <summary>The weights of a MODEL word, for work on ids.</summary>
public sealed record OpenedWeights(CausalModel Model, IReadOnlySet<int> EndTokens)
{
    /// <summary>What a person should know of how the model was read; mostly empty.</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];
}
