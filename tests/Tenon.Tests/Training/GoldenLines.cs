using System.Text.Json;
using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>Reads JSON lines of the reference folders; null is NaN, as their README says.</summary>
internal static class GoldenLines
{
    public static List<JsonElement> Of(string folder, string file)
    {
        var path = Path.Combine(GoldenFolder.Require(folder), file);
        Assert.SkipUnless(File.Exists(path), $"no {folder}/{file}");
        return File.ReadLines(path).Where(line => line.Length > 0).Select(line => JsonDocument.Parse(line).RootElement).ToList();
    }

    public static double Number(this JsonElement x) => x.ValueKind switch
    {
        JsonValueKind.Null => double.NaN,
        JsonValueKind.String => x.GetString() == "Infinity" ? double.PositiveInfinity : double.NegativeInfinity,
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => x.GetDouble(),
    };

    public static double? Optional(this JsonElement x, string name) =>
        x.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.Number() : null;

    public static double Number(this JsonElement x, string name) => x.GetProperty(name).Number();

    public static string Text(this JsonElement x, string name) => x.GetProperty(name).GetString()!;

    public static double[] Vector(this JsonElement x) => x.EnumerateArray().Select(Number).ToArray();

    public static double[] Vector(this JsonElement x, string name) => x.GetProperty(name).Vector();

    /// <summary>A matrix, row after row.</summary>
    public static double[] Flat(this JsonElement x) => x.EnumerateArray().SelectMany(row => row.Vector()).ToArray();

    /// <summary>A matrix row after row, or null where it is absent or null.</summary>
    public static double[]? Flat(this JsonElement x, string name) =>
        x.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.Flat() : null;

    public static bool[] Mask(this JsonElement x, string name) => x.Flat(name)!.Select(value => value != 0).ToArray();

    /// <summary>Starts of rows of equal width.</summary>
    public static int[] RowStarts(this JsonElement matrix)
    {
        var (rows, width) = (matrix.GetArrayLength(), matrix[0].GetArrayLength());
        return Enumerable.Range(0, rows + 1).Select(row => row * width).ToArray();
    }

    public static void ShouldBe(string what, double actual, double expected, double tolerance)
    {
        if (double.IsNaN(expected) && double.IsNaN(actual)) return;
        if (!(Math.Abs(actual - expected) <= tolerance))
            throw new ShouldAssertException($"{what}: {actual:R}, expected {expected:R} within {tolerance}");
    }

    public static void ShouldBe(string what, IReadOnlyList<double> actual, IReadOnlyList<double> expected, double tolerance)
    {
        actual.Count.ShouldBe(expected.Count, what);
        for (var i = 0; i < actual.Count; i++) ShouldBe($"{what}[{i}]", actual[i], expected[i], tolerance);
    }

    /// <summary>Runs every case and fails with all faults at once; prints how many cases there were.</summary>
    public static void All(IReadOnlyList<JsonElement> cases, string what, Action<JsonElement> check)
    {
        var faults = new List<string>();
        foreach (var one in cases)
        {
            try { check(one); }
            catch (Exception fault) { faults.Add($"{Id(one)}: {fault.GetType().Name} {fault.Message.Split('\n')[0]}"); }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {cases.Count} cases, {faults.Count} faults");
        cases.Count.ShouldBeGreaterThan(0);
        if (faults.Count > 0)
            throw new ShouldAssertException($"{what}: {faults.Count} of {cases.Count}\n" + string.Join("\n", faults.Take(40)));
    }

    private static string Id(JsonElement x) => x.TryGetProperty("id", out var id) ? id.GetString()! : x.Text("name");
}
