using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Cli.Recipes;
using Tenon.Models;
using Tenon.Tensors;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Cli.Running;

/// <summary>What <c>run.json</c> says of a run, and the refusal to go on where the numbers would be others than those of the run so far.</summary>
internal static class RunDescription
{
    /// <summary>Keys whose null stands for a value that follows from the others or from the model: the run holds that value, a recipe need not.</summary>
    private static readonly HashSet<string> s_derived = ["adapter.rank", "adapter.alpha", "adapter.seed", "optimizer.learning-rate", "evaluate.max-new-tokens"];

    /// <summary>A run as it begins; <paramref name="verb"/> is the verb that goes on with it.</summary>
    public static JsonObject Of<T>(string verb, T settings, Training.Settings.Precision precision, CausalModel model, AdapterSet adapter, DataSettings data)
        where T : ISettings => new()
        {
            ["verb"] = verb,
            ["recipe"] = RecipeFile.Resolved(settings),
            ["tenon"] = typeof(RunDescription).Assembly.GetName().Version?.ToString(3),
            ["numerics"] = Numerics.Version,
            ["precision"] = precision.ToString().ToLowerInvariant(),
            ["tier"] = Numerics.Tier,
            ["model_fingerprint"] = model.Fingerprint,
            ["weights_sha256"] = model.WeightsSha256(),
            ["data_sha256"] = DataSha256(data),
            ["method"] = adapter.Method.Name,
            ["trainable"] = adapter.TrainableCount,
            ["parameters"] = model.ParameterCount,
            ["machine"] = new JsonObject
            {
                ["cores"] = Environment.ProcessorCount, ["os"] = Environment.OSVersion.Platform.ToString(), ["dotnet"] = Environment.Version.ToString(),
            },
            ["started"] = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        };

    /// <summary>The recipe of a run that <paramref name="verb"/> is to go on with. A recipe or overrides that were given beside it must say the same.</summary>
    public static T Recipe<T>(RunFolder run, JsonObject json, string verb, string? recipe, IReadOnlyList<string> overrides)
        where T : ISettings, new()
    {
        var begun = (string?)json["verb"] ?? "train";
        if (begun != verb) throw new TenonException($"{run.Folder} is a run of `tenon {begun}`", hint: run.ResumeCommand(), usage: true);
        var stored = json["recipe"] ?? throw new TenonException(run.RunFile, "a recipe", "none", "the folder is damaged");
        if ((recipe is not null || overrides.Count > 0) && Difference(stored, RecipeFile.Resolved(RecipeFile.Load<T>(recipe ?? run.RunFile, overrides)), "") is { } difference)
            throw new TenonException($"resume {run.Folder}: {difference.Key}", $"{difference.Stored}, as the run began", difference.Given,
                "a run that goes on keeps its recipe: leave the recipe and --set out, or begin a new run with another --output", usage: true);
        return SettingsJson.Read<T>(stored);
    }

    /// <summary>Refuses to go on with other numerics, another CPU tier in bf16, another model or other data.</summary>
    public static void RequireSame(JsonObject json, CausalModel model, string? modelName, DataSettings data, bool forced)
    {
        if (forced) return;
        if ((int?)json["numerics"] is { } numerics && numerics != Numerics.Version)
            throw new TenonException("resume", $"numerics version {numerics}, as the run began", $"{Numerics.Version}", "finish the run with the version that began it, or --force to go on with other numbers", usage: true);
        if ((string?)json["precision"] == "bf16" && (string?)json["tier"] is { } tier && tier != Numerics.Tier)
            throw new TenonException("resume in bf16", $"a CPU of tier {tier}, as the run began", Numerics.Tier, "--force to go on with other numbers", usage: true);
        if ((string?)json["model_fingerprint"] is { } fingerprint && fingerprint != model.Fingerprint)
            throw new TenonException($"model '{modelName}'", $"fingerprint {fingerprint}, as the run began", model.Fingerprint, "the model's file has changed since: restore it, or --force", usage: true);
        if ((string?)json["data_sha256"] is { } hash && DataSha256(data) is var now && hash != now)
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
