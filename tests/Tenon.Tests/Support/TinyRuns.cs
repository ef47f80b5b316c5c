using System.Security.Cryptography;
using Tenon.Runs;

namespace Tenon.Tests.Support;

/// <summary>Runs of the embedded model as processes of their own, in a folder that is gone after the test.</summary>
internal sealed class TinyRuns : IDisposable
{
    /// <summary>The folder that holds recipes and runs.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("tenon-runs").FullName;

    /// <summary>Writes a recipe and gives its path.</summary>
    public string Recipe(string text)
    {
        var path = Path.Combine(Folder, $"{Guid.NewGuid():N}.yaml");
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>The folder of a run.</summary>
    public string RunFolder(string name) => Path.Combine(Folder, name);

    /// <summary>A whole run that must succeed; gives its folder.</summary>
    public string Train(string recipe, string name, int threads, string[]? overrides = null, params (string, string)[] environment)
    {
        var run = RunFolder(name);
        var (exit, _, error) =
            TenonProcess.Run(
            ["train", recipe, "--output", run, "--threads", $"{threads}", .. (overrides ?? []).SelectMany(o => (string[])["--set", o])],
            environment);
        exit.ShouldBe(0, error);
        return run;
    }

    /// <summary>
    /// All that a run leaves, without the fields of time, speed and memory: metrics, completions, and the files of the last checkpoint by
    /// their hash.
    /// </summary>
    public static List<string> Contents(string run) =>
    [
        .. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(MetricsLog.WithoutTimes),
        .. Directory.GetFiles(Path.Combine(run, "samples")).Order(StringComparer.Ordinal).SelectMany(File.ReadLines),
        .. Directory.GetFiles(LastCheckpoint(run)).Order(StringComparer.Ordinal).Select(f => $"{Path.GetFileName(f)} {Sha256(f)}"),
    ];

    /// <summary>Fails with the first line in which a run is another than expected.</summary>
    public static void ShouldBeTheSame(string run, List<string> expected, string? because = null)
    {
        var actual = Contents(run);
        for (var i = 0; i < Math.Min(actual.Count, expected.Count); i++) actual[i].ShouldBe(expected[i], because);
        actual.Count.ShouldBe(expected.Count, because);
    }

    /// <summary>The folder of the newest checkpoint.</summary>
    public static string LastCheckpoint(string run) => Path.Combine(run, "checkpoints", $"{LastStep(run)}");

    /// <summary>The step of the newest checkpoint; 0 where there is none yet.</summary>
    public static int LastStep(string run)
    {
        var folder = Path.Combine(run, "checkpoints");
        return Directory.Exists(folder)
            ? Directory.GetDirectories(folder).Select(d => int.TryParse(Path.GetFileName(d), out var step) ? step : 0).DefaultIfEmpty()
            .Max() : 0;
    }

    /// <summary>SHA-256 of a file.</summary>
    public static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
