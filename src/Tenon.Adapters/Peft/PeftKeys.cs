namespace Tenon.Adapters.Peft;

/// <summary>
/// Names of tensors in <c>adapter_model.safetensors</c>: <c>base_model.model.</c>, the module's path, what the method calls the tensor.
/// </summary>
public static class PeftKeys
{
    /// <summary>What every key begins with (the path of a causal model then begins with another <c>model.</c>).</summary>
    public const string Prefix = "base_model.model.";

    /// <summary>
    /// The key of a module's tensor: <c>lora_A.weight</c> of a ModuleDict keeps its <c>.weight</c>, a bare parameter such as
    /// <c>miss_block</c> has none.
    /// </summary>
    public static string Of(string path, string tensor) => $"{Prefix}{path}.{tensor}";

    /// <summary>The key as it is saved: without the adapter's name, which PEFT accepts in files all the same.</summary>
    public static string Normalize(string key, string adapterName = "default")
    {
        ArgumentNullException.ThrowIfNull(key);
        var part = "." + adapterName;
        if (key.EndsWith(part, StringComparison.Ordinal)) return key[..^part.Length];
        var at = key.IndexOf(part + ".", StringComparison.Ordinal);
        return at < 0 ? key : key.Remove(at, part.Length);
    }

    /// <summary>Splits a key into the module of the model it belongs to and the tensor's name; null where it belongs to none.</summary>
    public static (ModelModule Module, string Tensor)? Split(string key, IEnumerable<ModelModule> modules)
    {
        var name = Normalize(key);
        if (!name.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        name = name[Prefix.Length..];
        var owner = modules.Where(m => name.StartsWith(m.Path + ".", StringComparison.Ordinal)).MaxBy(m => m.Path.Length);
        return owner is null ? null : (owner, name[(owner.Path.Length + 1)..]);
    }
}
