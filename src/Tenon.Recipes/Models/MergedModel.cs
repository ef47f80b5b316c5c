using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Models.Weights;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Text.Tokenizers;

namespace Tenon.Recipes;

/// <summary>Writes a model with an adapter merged in as a Hugging Face folder.</summary>
public static class MergedModel
{
    /// <summary>Opens both, merges into new matrices, writes the folder whole.</summary>
    /// <param name="model">The MODEL word of the base.</param>
    /// <param name="adapterFolder">A PEFT adapter folder.</param>
    /// <param name="folder">The new folder.</param>
    /// <param name="type">How values are stored.</param>
    /// <param name="say">Hears what a person should know.</param>
    /// <param name="pre">The rule that cuts a GGUF file's text, where the file names none.</param>
    /// <exception cref="TenonException">The model or the adapter cannot be read, they do not belong together, or the disk is
    /// full.</exception>
    public static void Write(string model, string adapterFolder, string folder, SafetensorsType type, Action<string> say,
        string? pre = null)
    {
        var loaded = LanguageModel.OpenWeights(model, Precision.F32, 1);
        foreach (var notice in loaded.Notices) say(notice);
        AdapterCheck.RequireFolder(adapterFolder);
        using var set = PeftFolder.Load(loaded.Model, adapterFolder);
        foreach (var notice in set.Start.Notices) say(notice);
        using var weights = MergedWeights.Of(set);
        var config = loaded.Model.Config with { TieWordEmbeddings = MergedWeights.IsTied(set) };
        HuggingFaceExport.Write(folder, config, weights, type, TokenizerCopy.Of(model, say, pre));
    }
}
