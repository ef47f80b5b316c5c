namespace Tenon.Adapters;

/// <summary>
/// A second adapter on the same model with the values that the first has at some moment: what samples while the first is trained, or what
/// the first is compared with.
/// </summary>
public static class AdapterCopy
{
    /// <summary>A copy of its own tensors, attached beside the original; its version is the original's.</summary>
    public static AdapterSet Copy(this AdapterSet adapter)
    {
        var copy = adapter.Method.Create(adapter.Model, adapter.Settings, adapter.Settings.Start with { SkipStart = true });
        copy.TakeValues(adapter);
        return copy;
    }

    /// <summary>Takes over all values of an adapter of the same method and shapes, and its version.</summary>
    public static void TakeValues(this AdapterSet copy, AdapterSet from)
    {
        foreach (var (own, other) in All(copy).Zip(All(from)))
        {
            if (own.Name != other.Name)
                throw new TenonException("the copy of an adapter", $"tensor '{other.Name}'", $"'{own.Name}'");
            own.Tensor.Set(other.Tensor.Value);
        }

        copy.Version = from.Version;
    }

    private static IEnumerable<(string Name, Tensors.Parameter Tensor)> All(AdapterSet adapter) =>
        adapter.Tensors.Concat(adapter.PrivateTensors).DistinctBy(t => t.Tensor);
}
