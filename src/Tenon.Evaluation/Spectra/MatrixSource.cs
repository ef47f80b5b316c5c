using Tenon.Checkpoints;
using Tenon.Models.Weights;
using Tenon.Tensors.Linalg;

namespace Tenon.Evaluation.Spectra;

/// <summary>Named weights to take spectra of: those of a MODEL (folder, .gguf, tiny), or the tensors of one safetensors file.</summary>
public sealed class MatrixSource : IDisposable
{
    private const string Extension = ".safetensors";
    private readonly IDisposable _held;
    private readonly Func<string, double[]> _read;
    private readonly Dictionary<string, (string Tensor, int Rows, int Columns)> _weights = new(StringComparer.Ordinal);

    private MatrixSource(string place, IDisposable held, IEnumerable<(string Name, long[] Shape)> tensors, Func<string, double[]> read)
    {
        (Place, _held, _read) = (place, held, read);
        foreach (var (name, shape) in tensors)
        {
            if (shape.Length == 2) _weights[PathOf(name)] = (name, checked((int)shape[0]), checked((int)shape[1]));

            // Vectors that are no norms are biases, which have no spectrum.
            else if (shape.Length == 1 && PathOf(name).EndsWith("norm", StringComparison.Ordinal))
                _weights[PathOf(name)] = (name, checked((int)shape[0]), 1);
        }
    }

    /// <summary>Where it was read from.</summary>
    public string Place { get; }

    /// <summary>Opens a model or a safetensors file.</summary>
    public static MatrixSource Open(string place)
    {
        if (place.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            var file = SafetensorsFile.Open(place);
            return new(place, file, file.Tensors.Values.Select(t => (t.Name, t.Shape)), file.ReadDoubles);
        }

        var source = ModelSource.Open(place);
        return new(place, source, source.Weights.Tensors.Values.Select(t => (t.Name, t.Shape)), name =>
        {
            var info = source.Weights.Tensors[name];
            var values = new float[info.Count];
            source.Weights.Read(name, 0, values);
            return Array.ConvertAll(values, x => (double)x);
        });
    }

    /// <summary>
    /// The weights of <paramref name="before"/> that <paramref name="other"/> has too, as W' or, where <paramref name="isUpdate"/>, as dW;
    /// names without a counterpart are given back, other shapes are an error.
    /// </summary>
    public static (IReadOnlyList<SpectrumSubject> Subjects, IReadOnlyList<string> Alone) Pairs(MatrixSource before, MatrixSource other,
        bool isUpdate, SpectraSettings settings)
    {
        var (subjects, alone) = (new List<SpectrumSubject>(), new List<string>());
        foreach (var (path, (tensor, rows, columns)) in before._weights.Where(w => settings.Wants(w.Key)))
        {
            if (!other._weights.TryGetValue(path, out var counterpart))
            {
                alone.Add(path);
                continue;
            }

            if (counterpart.Rows != rows || counterpart.Columns != columns)
                throw new TenonException($"'{path}' of {other.Place}", $"{rows} x {columns}, as {before.Place} has it",
                    $"{counterpart.Rows} x {counterpart.Columns}", "the two do not belong together", usage: true);
            Matrix Other() => Matrix.Over(other._read(counterpart.Tensor), rows, columns);
            subjects.Add(new(path, () => Matrix.Over(before._read(tensor), rows, columns),
                [(null, w => new(isUpdate ? Other() : Other() - w))])
            { Size = (long)rows * columns, IsNorm = columns == 1 && path.EndsWith("norm", StringComparison.Ordinal) });
        }

        return (subjects, alone);
    }

    /// <inheritdoc/>
    public void Dispose() => _held.Dispose();

    private static string PathOf(string name) => name.EndsWith(".weight", StringComparison.Ordinal) ? name[..^".weight".Length] : name;
}
