using Tenon.Adapters;
using Tenon.Models;
using Tenon.Models.Layers;
using Tenon.Tensors.Linalg;

namespace Tenon.Evaluation.Spectra;

/// <summary>
/// What adapters of one model change, for every method: linear layers, the embedding and norms. A low-rank update comes as its factors, any
/// other as the difference between the effective weight and the base's.
/// </summary>
public static class AdapterSpectra
{
    /// <summary>The weights that any of the adapters changes, in model order, norms last; adapters may be attached or not.</summary>
    public static IReadOnlyList<SpectrumSubject> Subjects(IReadOnlyList<(int? Step, AdapterSet Adapter)> adapters,
        SpectraSettings settings)
    {
        var model = adapters[0].Adapter.Model;
        var subjects = new List<SpectrumSubject>();
        if (Embedding(model, adapters) is { } embedding) subjects.Add(embedding);
        subjects.AddRange(model.Linears.Append(model.Head).Select(layer => Linear(layer, adapters)));
        subjects.AddRange(model.Norms.Select(norm => Norm(norm, adapters)));
        return [.. subjects.Where(s => s.Updates.Count > 0 && settings.Wants(s.Path))];
    }

    private static SpectrumSubject Linear(Linear layer, IReadOnlyList<(int? Step, AdapterSet Adapter)> adapters) => new(
        layer.Path, () => Matrix.From(layer.Weight),
        Updates(adapters, set => set.Linears.FirstOrDefault(l => l.Layer == layer), (part, w) => part.ToLora() is { } low
            ? new(null, Matrix.From(low.B, w.Rows, low.Rank), Matrix.From(low.A, low.Rank, w.Columns))
            : Difference(w, part.EffectiveWeight)))
    { Size = (long)layer.Outputs * layer.Inputs };

    /// <summary>Null where the embedding is a tied head's matrix, which stands among the layers.</summary>
    private static SpectrumSubject? Embedding(CausalModel model, IReadOnlyList<(int? Step, AdapterSet Adapter)> adapters)
    {
        if (model.IsTied && adapters.Any(a => a.Adapter.Linears.Any(l => l.Layer == model.Head))) return null;
        return new(model.Embedding.Path, () => Matrix.From(model.Embedding.Table),
            Updates(adapters, set => set.Embeddings.FirstOrDefault(), (part, w) => Difference(w, part.EffectiveTable)))
        { Size = (long)model.Embedding.Table.Outputs * (long)model.Embedding.Table.Inputs };
    }

    private static SpectrumSubject Norm(RmsNorm norm, IReadOnlyList<(int? Step, AdapterSet Adapter)> adapters) => new(
        norm.Path, () => Matrix.From(norm.Weight.Value, (int)norm.Weight.Length, 1),
        Updates(adapters, set => set.Norms.FirstOrDefault(n => n.Norm == norm).Weight,
            (weight, w) => new(Matrix.From(weight.Value, w.Rows, 1) - w)))
    { IsNorm = true, Size = norm.Weight.Length };

    private static List<(int? Step, Func<Matrix, WeightUpdate> Of)> Updates<TPart>(
        IReadOnlyList<(int? Step, AdapterSet Adapter)> adapters, Func<AdapterSet, TPart?> find, Func<TPart, Matrix, WeightUpdate> update)
        where TPart : class =>
        [.. adapters.Select(a => (a.Step, Part: find(a.Adapter))).Where(a => a.Part is not null)
            .Select(a => (a.Step, (Func<Matrix, WeightUpdate>)(w => update(a.Part!, w))))];

    private static WeightUpdate Difference(Matrix w, Func<float[], float[]> effective) =>
        new(Matrix.From(effective(w.ToFloats()), w.Rows, w.Columns) - w);
}
