using System.Globalization;
using Tenon.Adapters;
using Tenon.Models.Config;
using Tenon.Models.Generation;
using Tenon.Models.Weights;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Training;
using Tenon.Training.Objectives;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>
/// What is known of a run from its recipe and its model's <c>config.json</c> alone, without weights and data: the resolved recipe, trained
/// parameters, memory. Time is measured, and there is nothing here to measure.
/// </summary>
internal static class ShapePlan
{
    /// <summary>The plan where the recipe's model is a bare configuration, or a folder that holds no more; else null.</summary>
    /// <exception cref="TenonException">The configuration cannot be read, or the method cannot be applied to the model.</exception>
    public static RunPlan? Of(RunSettings settings, RunHome home)
    {
        var path = home.PathOf(settings.Model);
        var isBare = File.Exists(path) && path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        var isEmpty = File.Exists(Path.Combine(path, "config.json"))
            && !Directory.EnumerateFiles(path).Any(file => Path.GetExtension(file) is ".safetensors" or ".gguf" or ".bin");
        if (!isBare && !isEmpty) return null;
        if (settings.Adapter.From is not null)
            throw new TenonException($"model '{settings.Model}'", "weights, which adapter.from is read over", "a configuration alone",
                usage: true);
        var config = HuggingFaceConfig.Read(path);
        var method = AdapterMethod.Of(settings.Adapter.Method);
        var run = settings.Resolved(method.DefaultRate(config));
        var count = method.Count(config, run.Adapter);
        return new RunPlan(string.Join('\n', Lines(run, config, method, count)),
        [
            "the model is a configuration alone: no weights are read, no data is opened, and time is not estimated",
            .. method.Unused(settings.Adapter),
            .. ObjectiveValidation.Warnings(run),
        ]);
    }

    private static IEnumerable<string> Lines(RunSettings run, ModelConfig config, AdapterMethod method, long? count)
    {
        var all = ExpectedTensors.Of(config).Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => product * size));
        yield return RecipeFile.Resolved(run).ToJsonString(RunJson.Indented);
        yield return "";
        yield return $"model        {run.Model}: {config.ModelType}, {all:N0} parameters";
        yield return count is { } trained
            ? $"adapter      {method.Name}: {trained:N0} trainable parameters "
                + string.Create(CultureInfo.InvariantCulture, $"({100.0 * trained / all:F2} %)")
            : $"adapter      {method.Name}: its trainable parameters are counted over weights only";
        var rollout = run.Rollout;
        yield return $"each step    {rollout.Prompts} prompts x {rollout.Group} completions of at most {rollout.MaxNewTokens} tokens";
        var parts = Parts(run, config, all, count ?? 0).ToList();
        foreach (var (what, bytes) in parts) yield return $"memory       {what}: at most {DryRun.Size(bytes)}";
        yield return $"memory       all: at most {DryRun.Size(parts.Sum(p => p.Bytes))}, beside the program; this machine has "
            + $"{DryRun.Size(MemoryPlan.AvailableBytes())}";
    }

    private static IEnumerable<(string What, long Bytes)> Parts(RunSettings run, ModelConfig config, long all, long trained)
    {
        var (rollout, update) = (run.Rollout, run.Update);
        yield return ("model", ModelBytes(run, all));
        yield return ("adapter, gradient and optimizer", trained * (4 + MemoryPlan.SharedValues(update)) * sizeof(float));
        // One sequence is the least that sampling holds; how many there are follows from the memory of the machine that runs it.
        var pages = (rollout.MaxPromptTokens + (long)rollout.MaxNewTokens) / 32 + 1;
        var sequences = rollout.Concurrency ?? 1;
        yield return ($"cache of {sequences} sequence{(sequences == 1 ? "" : "s")}", sequences * pages * GeneratorMemory.PageBytes(config, run.Precision));
        var tokens = update.MicroBatchTokens
            ?? MemoryPlan.MicroBatchTokens(config, ModelBytes(run, all), rollout.MaxPromptTokens + rollout.MaxNewTokens, update.Workers);
        yield return ("training pass", update.Workers * MemoryPlan.PassBytes(config, tokens, update.Recompute ?? true));
        // Another model's states are of its own size, which is not known here.
        if (run.Objective.Teacher != Teacher.Model
            && MemoryPlan.TeacherBytes(run.Objective, rollout, config, rollout.MaxNewTokens) is > 0 and var states)
            yield return ("teacher's hidden states", states);
        foreach (var part in MemoryCheck.Kept(MemoryPlan.KeptBytes(run, config, rollout.MaxPromptTokens, rollout.MaxNewTokens)))
            yield return part;
    }

    private static long ModelBytes(RunSettings run, long all) => all * (run.Precision == Precision.F32 ? sizeof(float) : sizeof(short));
}
