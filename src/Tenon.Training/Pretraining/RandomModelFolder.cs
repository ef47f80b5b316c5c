using System.Text.Json;
using Tenon.Checkpoints;
using Tenon.Models.Config;
using Tenon.Models.Weights;
using Tenon.Text.Tokenizers;

namespace Tenon.Training.Pretraining;

/// <summary>
/// A model folder with random weights in the shape of a config.json: normal values times its <c>initializer_range</c>, a pure function of
/// the seed,
/// written tensor by tensor, so that a large model needs no memory. The tokenizer is the byte-level one where the vocabulary has room for
/// it.
/// </summary>
public static class RandomModelFolder
{
    private const double DefaultRange = 0.02;

    /// <summary>Writes the folder.</summary>
    /// <param name="configFile">The config.json whose shape the model has.</param>
    /// <param name="folder">The new folder.</param>
    /// <param name="seed">The seed of the weights.</param>
    /// <param name="type">How values are stored.</param>
    /// <param name="say">Hears what a person should know.</param>
    public static void Write(string configFile, string folder, ulong seed, SafetensorsType type, Action<string> say)
    {
        var text = InputFile.ReadText(configFile, "configuration");
        var config = HuggingFaceConfig.Parse(configFile, System.Text.Encoding.UTF8.GetBytes(text));
        var hasTokenizer = config.VocabSize > ByteLevelTokenizerFile.MessageEnd;
        config = hasTokenizer
            ? config
            with
            {
                EosTokenIds = [ByteLevelTokenizerFile.MessageEnd],
                BosTokenId = null,
                PadTokenId = ByteLevelTokenizerFile.EndOfText,
                Generation = new()
            }
            : config with { EosTokenIds = [], BosTokenId = null, PadTokenId = null, Generation = new() };
        using var weights = new FreshWeights(config, RangeOf(text), seed, shrinkResidual: false);
        HuggingFaceExport.Write(folder, config, weights, type, hasTokenizer ? TokenizerSource.ByteLevel().WriteTo : null);
        if (!hasTokenizer)
            say(
                $"a vocabulary of {config.VocabSize} has no room for the byte-level tokenizer's "
                + $"{ByteLevelTokenizerFile.MessageEnd + 1} tokens: the folder has none");
    }

    private static double RangeOf(string text)
    {
        using var json = JsonDocument.Parse(text);
        return json.RootElement.TryGetProperty("initializer_range", out var range) && range.ValueKind == JsonValueKind.Number
            && range.TryGetDouble(out var value) && value > 0 ? value : DefaultRange;
    }
}
