using Tenon.Adapters;
using Tenon.Rollouts;

namespace Tenon.Recipes;

/// <summary>Adapters of an open model.</summary>
public static class OpenAdapter
{
    /// <summary>Opens a PEFT adapter folder (a run's checkpoint, or one that PEFT wrote) over the model; the base stays as it is.</summary>
    /// <param name="model">The model that the adapter was trained over.</param>
    /// <param name="folder">The adapter's folder.</param>
    /// <exception cref="TenonException">No adapter, one of another model, or one of a form that is not read.</exception>
    public static AdapterSet LoadAdapter(this LanguageModel model, string folder) => PeftFolder.Load(model.Model, folder);
}
