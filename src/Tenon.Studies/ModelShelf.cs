using Tenon.Recipes;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Training.Settings;

namespace Tenon.Studies;

/// <summary>
/// Base models that several runs share: the packed weights of a model are in memory once, and each run gets slots of its own over them.
/// </summary>
internal sealed class ModelShelf
{
    private readonly Dictionary<(string Path, Precision Precision), Lazy<LanguageModel>> _models = [];

    /// <summary>The recipe's model.</summary>
    public LanguageModel Open(RunSettings settings, RunHome home)
    {
        var path = home.PathOf(settings.Model);
        Lazy<LanguageModel> model;
        lock (_models)
        {
            var key = (path, settings.Precision);
            if (!_models.TryGetValue(key, out model!))
            {
                // Another model is another part of the study: the one before is let go once no run holds it.
                _models.Clear();
                _models[key] = model = new Lazy<LanguageModel>(() => LanguageModel.Open(path, settings.Precision, 1,
                    tokenizerPre: settings.TokenizerPre));
            }
        }

        return model.Value.Share(RunBuilder.LongestOf(settings), settings.Data.ChatTemplate, settings.Template, settings.TokenizerPre);
    }
}
