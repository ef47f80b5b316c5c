using Tenon.Adapters;
using Tenon.Models.Layers;
using Tenon.Tensors.Linalg;

namespace Tenon.Evaluation.Spectra;

/// <summary>How spectra are taken.</summary>
public sealed record SpectraSettings
{
    /// <summary>How many first directions of W and W' are compared by their angles; 0 for none.</summary>
    public int Angles { get; init; } = 8;

    /// <summary>Angles from a decomposition of W' instead of iteration: several times as long.</summary>
    public bool Exact { get; init; }

    /// <summary>Keeps all singular values.</summary>
    public bool Values { get; init; }

    /// <summary>Only modules whose path holds one of these words; all where empty.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];
}

/// <summary>
/// Spectra of what adapters do to the matrices of one model, for every method: a low-rank update through its factors, any other as the
/// difference between
/// the effective weight and the base's. W is decomposed once for all adapters (checkpoints).
/// </summary>
public static class AdapterSpectra
{
    /// <summary>One spectrum a matrix and adapter, matrix by matrix in model order; adapters may be attached or not.</summary>
    public static IEnumerable<ModuleSpectrum> Of(IReadOnlyList<(int? Step, AdapterSet Adapter)> adapters, SpectraSettings settings,
        SvdCache cache)
    {
        foreach (var layer in Layers(adapters, settings))
        {
            var dense = layer.Weight.ToArray();
            var w = Matrix.From(dense, layer.Outputs, layer.Inputs);
            var svd = cache.Of(w);
            var norm = w.FrobeniusNorm();
            foreach (var (step, adapter) in adapters)
            {
                if (adapter.Linears.FirstOrDefault(l => l.Layer == layer) is not { } part) continue;
                var spectrum = Spectrum(part, w, dense, svd);
                yield return ModuleSpectrum.Of(layer.Path, step, spectrum, norm, (w.Rows, w.Columns), settings.Angles, settings.Exact,
                    settings.Values);
            }
        }
    }

    /// <summary>The matrices that any of the adapters changes.</summary>
    public static IReadOnlyList<Linear> Layers(IReadOnlyList<(int? Step, AdapterSet Adapter)> adapters, SpectraSettings settings)
    {
        var wanted = adapters.SelectMany(a => a.Adapter.Linears).Select(l => l.Layer).ToHashSet();
        var model = adapters[0].Adapter.Model;
        Linear[] layers = [.. model.Linears.Append(model.Head).Distinct().Where(wanted.Contains)];
        return settings.Modules.Count == 0 ? layers
            : [.. layers.Where(l => settings.Modules.Any(m => l.Path.Contains(m, StringComparison.Ordinal)))];
    }

    private static UpdateSpectrum Spectrum(LinearAdapter part, Matrix w, float[] dense, Svd svd)
    {
        var (rows, columns) = (w.Rows, w.Columns);
        if (part.ToLora() is { } factors && factors.Rank < Math.Min(rows, columns) / 2)
            return UpdateSpectrum.OfFactors(w, Matrix.From(factors.B, rows, factors.Rank), Matrix.From(factors.A, factors.Rank, columns),
                svd);
        return UpdateSpectrum.Of(w, Matrix.From(part.EffectiveWeight((float[])dense.Clone()), rows, columns) - w, svd);
    }
}
