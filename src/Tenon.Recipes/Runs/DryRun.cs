using System.Diagnostics;
using System.Globalization;
using Tenon.Runs;
using Tenon.Tensors.Threads;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>What <c>train --dry-run</c> prints: the resolved recipe, parameters, memory.</summary>
internal static class DryRun
{
    // A longer run leaves more on its heap than the probe did.
    private const double Growth = 1.1;

    /// <summary>The description as text.</summary>
    /// <param name="setup">The run.</param>
    /// <param name="folder">Where it would be kept; null for anywhere.</param>
    public static string Describe(TrainingSetup setup, string? folder)
    {
        var lines = new List<string>
        {
            RecipeFile.Resolved(setup.Settings).ToJsonString(RunJson.Indented),
            "",
            $"model        {setup.Settings.Model}: {setup.Model.Config.ModelType}, {setup.Model.ParameterCount:N0} parameters",
            $"adapter      {setup.Adapter.Method.Name}: {setup.Adapter.TrainableCount:N0} trainable parameters "
            + $"({100.0 * setup.Adapter.TrainableCount / setup.Model.ParameterCount:F2} %)",
            $"problems     {Problems(setup)}",
            $"each step    {setup.Settings.Rollout.Prompts} prompts x {setup.Settings.Rollout.Group} completions of at most "
            + $"{setup.Settings.Rollout.MaxNewTokens} tokens",
        };
        var probe = Probe(setup, folder);
        var (expected, worst) = (MemoryCheck.Expected(setup, probe), MemoryCheck.Estimate(setup));
        foreach (var (what, bytes, most) in expected.Zip(worst, (a, b) => (a.What, a.Bytes, b.Bytes)))
            lines.Add($"memory       {what}: about {Size(bytes)}, at most {Size(most)}");
        var program = (long)((setup.Settings.Steps > probe.Steps ? Growth : 1) * MemoryCheck.Program(setup, probe));
        lines.Add($"memory       program and heap: about {Size(program)}, at most {Size(2 * program)}");
        var (all, longest) = (expected.Sum(p => p.Bytes) + program, worst.Sum(p => p.Bytes) + 2 * program);
        if (probe.Peaks.Loading > all)
            lines.Add($"memory       while the model is read: {Size(probe.Peaks.Loading)}, more than what stays");
        lines.Add($"memory       all: about {Size(Math.Max(all, probe.Peaks.Loading))}, "
            + $"at most {Size(Math.Max(longest, probe.Peaks.Loading))}");
        lines.AddRange(TimeEstimate.Describe(setup, probe));
        return string.Join('\n', lines);
    }

    // What this process has done so far, a run does too: it starts, opens the model and reads the data. Then it takes the fingerprint of
    // all weights before and behind its steps.
    private static RunProbe Probe(TrainingSetup setup, string? folder)
    {
        using var process = Process.GetCurrentProcess();
        var opened = Math.Min((DateTime.Now - process.StartTime).TotalSeconds, Environment.CpuUsage.TotalTime.TotalSeconds);
        var clock = new QuietClock(WorkerPool.Default.Threads);
        setup.Model.WeightsSha256();
        var print = clock.Stop().Alone;
        var probe = RunProbe.Of(setup, folder);
        return probe with { StartSeconds = probe.StartSeconds + opened + 2 * print };
    }

    private static string Problems(TrainingSetup setup)
    {
        var sources = setup.Settings.Data.AllSources;
        var count = sources.Count == 1 ? $": {setup.Problems.Count:N0}" : "";
        return string.Join("; ", sources.Select(source => source.Task is { } task ? Problems(task) : source.Train + count));
    }

    private static string Problems(TaskSettings task)
    {
        var (made, levels) = (task.CreateChecked(), task.Level);
        return $"task {task.Name}, level {levels}: {made.Describe(levels.First)}"
            + (levels.Count > 1 ? $" to {made.Describe(levels.Last)}" : "");
    }

    /// <summary>A size for a person: a part that two digits would make nothing has four.</summary>
    internal static string Size(long bytes) => bytes is > 0 and < 100_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(bytes / 1e5) / 1e4:0.####} GB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F2} GB");
}
