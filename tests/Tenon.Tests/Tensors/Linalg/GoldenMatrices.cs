using System.Text.Json;
using Tenon.Checkpoints;
using Tenon.Tensors.Linalg;

namespace Tenon.Tests.Tensors.Linalg;

/// <summary>
/// The reference's matrices and lines: the large folder where TENON_GOLDEN names one, else the trimmed set beside the tests.
/// </summary>
internal sealed class GoldenMatrices : IDisposable
{
    private readonly string _folder;
    private readonly SafetensorsFile _file;

    public GoldenMatrices(string folder)
    {
        _folder = folder;
        _file = SafetensorsFile.Open(Path.Combine(folder, "matrices.safetensors"));
    }

    public static string Trimmed => Path.Combine(AppContext.BaseDirectory, "Golden", "linalg");

    public Matrix this[string name]
    {
        get
        {
            var shape = _file.Tensor(name).Shape;
            return Matrix.Over(_file.ReadDoubles(name), (int)shape[0], (int)shape[1]);
        }
    }

    public Matrix this[JsonElement line, string key] => this[line.GetProperty(key).GetString()!];

    public IEnumerable<JsonElement> Lines(string file) =>
        File.ReadLines(Path.Combine(_folder, file)).Select(l => JsonDocument.Parse(l).RootElement);

    public void Dispose() => _file.Dispose();
}

/// <summary>The worst figure of each kind, as a share of what is allowed.</summary>
internal sealed class Worst
{
    private readonly SortedDictionary<string, (double Share, string Where)> _shares = new(StringComparer.Ordinal);

    public int Checks { get; private set; }

    public void See(string kind, string where, double error, double tolerance)
    {
        Checks++;
        var share = error == 0 ? 0 : error / tolerance;
        if (double.IsNaN(share)) share = double.PositiveInfinity;
        if (!_shares.TryGetValue(kind, out var old) || share > old.Share) _shares[kind] = (share, where);
    }

    public void See(string kind, string where, IReadOnlyList<double> got, IReadOnlyList<double> expected, double tolerance)
    {
        got.Count.ShouldBe(expected.Count, where);
        for (var i = 0; i < got.Count; i++) See(kind, where, Math.Abs(got[i] - expected[i]), tolerance);
    }

    public void Report(string title)
    {
        var lines = _shares.Select(s => $"  {s.Key}: {s.Value.Share:G3} of the tolerance ({s.Value.Where})");
        var text = $"{title}: {Checks} numbers\n{string.Join("\n", lines)}";
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        Checks.ShouldBeGreaterThan(0);
        _shares.Where(s => !(s.Value.Share <= 1)).ShouldBeEmpty(text);
    }
}
