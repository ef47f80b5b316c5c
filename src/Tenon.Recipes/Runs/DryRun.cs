using System.Globalization;
using Tenon.Runs;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>What <c>train --dry-run</c> prints: the resolved recipe, parameters, memory.</summary>
internal static class DryRun
{
    private const double Growth = 1.35;

    /// <summary>The description as text.</summary>
    public static string Describe(TrainingSetup setup)
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
        var probe = RunProbe.Of(setup);
        var (expected, worst) = (MemoryCheck.Expected(setup, probe), MemoryCheck.Estimate(setup));
        foreach (var (what, bytes, most) in expected.Zip(worst, (a, b) => (a.What, a.Bytes, b.Bytes)))
            lines.Add($"memory       {what}: about {Size(bytes)}, at most {Size(most)}");
        // A run of several steps compiles more and leaves more on its heap than the probe did.
        var program = (long)(Growth * MemoryCheck.Program(setup, probe, ProcessMemory.PeakBytes()));
        lines.Add($"memory       program and heap: about {Size(program)}, at most {Size(2 * program)}");
        lines.Add(
            $"memory       all: about {Size(expected.Sum(p => p.Bytes) + program)}, at most {Size(worst.Sum(p => p.Bytes) + 2 * program)}");
        lines.AddRange(TimeEstimate.Describe(setup, probe));
        return string.Join('\n', lines);
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

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F2} GB");
}
