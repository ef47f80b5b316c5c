using Tenon.Adapters.Peft;
using Tenon.Models;

namespace Tenon.Adapters;

/// <summary>A PEFT method: one file, found by its type. It makes adapters; what they have in common lives in <see cref="AdapterSet"/>.</summary>
public abstract class AdapterMethod
{
    /// <summary>Its name in recipes.</summary>
    public abstract string Name { get; }

    /// <summary>One line for a person.</summary>
    public abstract string Summary { get; }

    /// <summary>A fresh adapter on a model, attached. Faulty settings throw with all that is wrong.</summary>
    public abstract AdapterSet Create(CausalModel model, AdapterSettings settings);

    /// <summary>
    /// Trainable parameters on a model of these sizes, from shapes alone; null where the method does not say. Throws where the settings do not fit.
    /// </summary>
    public virtual long? Count(Tenon.Models.Config.ModelConfig config, AdapterSettings settings) => null;

    /// <summary>The adapter's <c>adapter_config.json</c> as PEFT has it; null where PEFT has no such type (full training).</summary>
    public virtual PeftConfig? ToPeft(AdapterSet adapter, string baseModel) => null;

    /// <summary>All methods of this assembly, by name.</summary>
    public static IReadOnlyDictionary<string, AdapterMethod> All { get; } = typeof(AdapterMethod).Assembly.GetTypes()
        .Where(t => t is { IsAbstract: false } && t.IsSubclassOf(typeof(AdapterMethod)) && t.GetConstructor(Type.EmptyTypes) is not null)
        .Select(t => (AdapterMethod)Activator.CreateInstance(t)!)
        .OrderBy(m => m.Name, StringComparer.Ordinal)
        .ToDictionary(m => m.Name);
}
