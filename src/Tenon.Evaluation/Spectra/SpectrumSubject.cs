using Tenon.Tensors.Linalg;

namespace Tenon.Evaluation.Spectra;

/// <summary>An update of a weight: as it is [m, n], or as factors B [m, k] and A [k, n].</summary>
/// <param name="Whole">dW; null where there are factors.</param>
/// <param name="B">B; null where the update is whole.</param>
/// <param name="A">A; null where the update is whole.</param>
public sealed record WeightUpdate(Matrix? Whole, Matrix? B = null, Matrix? A = null);

/// <summary>A weight and its updates, each made when its turn comes and let go of then.</summary>
/// <param name="Path">The module's path.</param>
/// <param name="Weight">W; of a norm a single column.</param>
/// <param name="Updates">By the step that each belongs to; null for an update alone.</param>
public sealed record SpectrumSubject(string Path, Func<Matrix> Weight, IReadOnlyList<(int? Step, Func<Matrix, WeightUpdate> Of)> Updates)
{
    // From this size on a matrix keeps all threads busy by itself, and a second one beside it would take its memory again.
    private const long Large = 4_000_000;
    private const int PiecesAThread = 8;

    /// <summary>True where the weight is a norm's.</summary>
    public bool IsNorm { get; init; }

    /// <summary>Entries of W.</summary>
    public required long Size { get; init; }

    /// <summary>
    /// The spectra of many weights in their order: large ones one after the other on all threads, small ones beside each other.
    /// </summary>
    public static IEnumerable<ModuleSpectrum> Spectra(IReadOnlyList<SpectrumSubject> subjects, SpectraSettings settings, SvdCache cache)
    {
        for (var first = 0; first < subjects.Count;)
        {
            var end = first + 1;
            while (end < subjects.Count && end - first < PiecesAThread * MatrixWork.Threads && subjects[first].Size < Large
                && subjects[end].Size < Large) end++;
            var found = new List<ModuleSpectrum>[end - first];
            var start = first;
            MatrixWork.Each(found.Length, i => found[i] = [.. subjects[start + i].Spectra(settings, cache)]);
            foreach (var spectrum in found.SelectMany(s => s)) yield return spectrum;
            first = end;
        }
    }

    /// <summary>Its spectra, one an update; W is decomposed once.</summary>
    public IEnumerable<ModuleSpectrum> Spectra(SpectraSettings settings, SvdCache cache)
    {
        var w = Weight();
        var known = IsNorm ? null : cache.Of(w, settings);
        foreach (var (step, of) in Updates)
        {
            var update = of(w);
            yield return known is null
                ? ModuleSpectrum.OfNorm(Path, step, w.Values, (w + update.Whole!).Values, settings)
                : ModuleSpectrum.Of(Path, step, SpectrumOf(w, update, known), (w.Rows, w.Columns), settings);
        }
    }

    private static UpdateSpectrum SpectrumOf(Matrix w, WeightUpdate update, WeightSpectrum known)
    {
        if (update is not { A: { } a, B: { } b }) return UpdateSpectrum.Of(w, update.Whole!, known);

        // Factors wider than the matrix have no smaller triangles; their product in float64 has no rounding of float32 weights in it.
        return a.Rows <= Math.Min(w.Rows, w.Columns) ? UpdateSpectrum.OfFactors(w, b, a, known) : UpdateSpectrum.Of(w, b * a, known);
    }
}
