using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Models.Weights;
using Tenon.Rollouts;
using Tenon.Tensors;

namespace Tenon.Cli.Running;

/// <summary>Writes a model with an adapter merged in as a Hugging Face folder.</summary>
internal static class ModelExport
{
    /// <summary>Opens both, merges into new matrices, writes the folder whole.</summary>
    public static void Merged(string model, string adapterFolder, string folder, SafetensorsType type, Terminal terminal)
    {
        var loaded = LanguageModel.OpenWeights(model, Precision.F32, 1);
        using var set = AdapterOpener.Open(loaded.Model, adapterFolder, terminal);
        using var weights = MergedWeights.Of(set);
        var config = loaded.Model.Config with { TieWordEmbeddings = MergedWeights.IsTied(set) };
        HuggingFaceExport.Write(folder, config, weights, type, TokenizerCopy.Of(model, terminal));
    }
}
