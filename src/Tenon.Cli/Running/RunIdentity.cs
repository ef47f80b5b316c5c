using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Cli.Recipes;
using Tenon.Models;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Training.Settings;

namespace Tenon.Cli.Running;

/// <summary>What <c>run.json</c> says of a run, and the refusal to go on where the numbers would be others than those of the run so far.</summary>
internal static class RunIdentity
{
    /// <summary>Keys whose null stands for a value that follows from the others or from the model: the run holds that value, a recipe need not.</summary>
    private static readonly HashSet<string> s_derived = ["adapter.rank", "adapter.alpha", "adapter.seed", "optimizer.learning-rate", "evaluate.max-new-tokens"];

    /// <summary>A run as it begins; <paramref name="verb"/> is the verb that goes on with it.</summary>
    public static RunDescription Of<T>(string verb, T settings, Training.Settings.Precision precision, CausalModel model, AdapterSet adapter, DataSettings data)
        where T : ISettings => new()
        {
            Verb = verb,
            Recipe = RecipeFile.Resolved(settings),
            Tenon = typeof(RunIdentity).Assembly.GetName().Version?.ToString(3),
            Numerics = Numerics.Version,
            Precision = precision.ToString().ToLowerInvariant(),
            Tier = Numerics.Tier,
            ModelFingerprint = model.Fingerprint,
            WeightsSha256 = model.WeightsSha256(),
            DataSha256 = DataSha256(data),
            Method = adapter.Method.Name,
            Trainable = adapter.TrainableCount,
            Parameters = model.ParameterCount,
            Machine = new JsonObject
            {
                ["cores"] = Environment.ProcessorCount, ["os"] = Environment.OSVersion.Platform.ToString(), ["dotnet"] = Environment.Version.ToString(),
            },
            Started = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        };

    /// <summary>The recipe of a run that <paramref name="verb"/> is to go on with. A recipe or overrides that were given beside it must say the same.</summary>
    public static T Recipe<T>(RunFolder run, RunDescription description, string verb, string? recipe, IReadOnlyList<string> overrides)
        where T : ISettings, new()
    {
        if (description.Verb != verb) throw new TenonException($"{run.Folder} is a run of `tenon {description.Verb}`", hint: run.ResumeCommand(), usage: true);
        var stored = description.Recipe;
        if (stored.Count == 0) throw new TenonException(run.RunFile, "a recipe", "none", "the folder is damaged");
        if ((recipe is not null || overrides.Count > 0) && Difference(stored, RecipeFile.Resolved(RecipeFile.Load<T>(recipe ?? run.RunFile, overrides)), "") is { } difference)
            throw new TenonException($"resume {run.Folder}: {difference.Key}", $"{difference.Stored}, as the run began", difference.Given,
                "a run that goes on keeps its recipe: leave the recipe and --set out, or begin a new run with another --output", usage: true);
        return SettingsJson.Read<T>(stored);
    }

    /// <summary>Refuses to go on with other numerics, another CPU tier in bf16, another model or other data.</summary>
    public static void RequireSame(RunDescription run, CausalModel model, string? modelName, DataSettings data, bool forced)
    {
        if (forced) return;
        if (run.Numerics is { } numerics && numerics != Numerics.Version)
            throw new TenonException("resume", $"numerics version {numerics}, as the run began", $"{Numerics.Version}", "finish the run with the version that began it, or --force to go on with other numbers", usage: true);
        if (run.Precision == "bf16" && run.Tier is { } tier && tier != Numerics.Tier)
            throw new TenonException("resume in bf16", $"a CPU of tier {tier}, as the run began", Numerics.Tier, "--force to go on with other numbers", usage: true);
        if (run.ModelFingerprint is { } fingerprint && fingerprint != model.Fingerprint)
            throw new TenonException($"model '{modelName}'", $"fingerprint {fingerprint}, as the run began", model.Fingerprint, "the model's file has changed since: restore it, or --force", usage: true);
        if (run.DataSha256 is { } hash && DataSha256(data) is var now && hash != now)
            throw new TenonException($"data '{data.Train}'", $"SHA-256 {hash}, as the run began", now ?? "no file", "the file has changed since: restore it, or --force to go on with other problems", usage: true);
    }

    // A task is all in the recipe; a file is known by its bytes.
    private static string? DataSha256(DataSettings data)
    {
        if (data.Train is not { } path) return null;
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static (string Key, string Stored, string Given)? Difference(JsonNode? stored, JsonNode? given, string key)
    {
        if (JsonNode.DeepEquals(stored, given) || (given is null && s_derived.Contains(key))) return null;
        if (stored is not JsonObject a || given is not JsonObject b) return (key, stored?.ToJsonString() ?? "null", given?.ToJsonString() ?? "null");
        foreach (var name in a.Select(p => p.Key).Union(b.Select(p => p.Key)))
            if (Difference(a[name], b[name], key.Length == 0 ? name : $"{key}.{name}") is { } found) return found;
        return null;
    }
}
