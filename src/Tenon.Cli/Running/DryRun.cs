using Tenon.Cli.Recipes;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Training;

namespace Tenon.Cli.Running;

/// <summary>What <c>train --dry-run</c> prints: the resolved recipe, parameters, memory.</summary>
internal static class DryRun
{
    /// <summary>The description as text.</summary>
    public static string Describe(TrainingSetup setup)
    {
        var lines = new List<string>
        {
            RecipeFile.Resolved(setup.Settings).ToJsonString(RunJson.Indented),
            "",
            $"model        {setup.Settings.Model}: {setup.Model.Config.ModelType}, {setup.Model.ParameterCount:N0} parameters",
            $"adapter      {setup.Adapter.Method.Name}: {setup.Adapter.TrainableCount:N0} trainable parameters ({100.0 * setup.Adapter.TrainableCount / setup.Model.ParameterCount:F2} %)",
            $"each step    {setup.Settings.Rollout.Prompts} prompts x {setup.Settings.Rollout.Group} completions of at most {setup.Settings.Rollout.MaxNewTokens} tokens",
        };
        foreach (var (what, bytes) in MemoryCheck.Estimate(setup)) lines.Add($"memory       {what}: {bytes / 1e9:F2} GB");
        lines.Add($"time         {TimeEstimate.Describe(setup)}");
        return string.Join('\n', lines);
    }
}
