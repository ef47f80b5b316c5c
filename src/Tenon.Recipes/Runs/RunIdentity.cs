using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Models;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>
/// What <c>run.json</c> says of a run, and the refusal to go on where the numbers would be others than those of the run so far.
/// </summary>
internal static class RunIdentity
{
    /// <summary>A run as it begins; <paramref name="verb"/> is the verb that goes on with it.</summary>
    public static RunDescription Of<T>(string verb, T settings, Precision precision, CausalModel model, AdapterSet adapter,
        DataSettings data)
        where T : ISettings => new()
        {
            Verb = verb,
            Recipe = RecipeFile.Resolved(settings),
            Tenon = typeof(RunIdentity).Assembly.GetName().Version?.ToString(3),
            Numerics = Numerics.Of(precision),
            Precision = precision.Word(),
            Tier = precision.Tier(),
            ModelFingerprint = model.Fingerprint,
            WeightsSha256 = model.WeightsSha256(),
            DataSha256 = DataSha256(data, RunHome.Here),
            Method = adapter.Method.Name,
            Trainable = adapter.TrainableCount,
            Parameters = model.ParameterCount,
            Machine = new JsonObject
            {
                ["cores"] = Environment.ProcessorCount, ["os"] = Environment.OSVersion.Platform.ToString(),
                ["dotnet"] = Environment.Version.ToString(),
            },
            Started = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        };

    /// <summary>
    /// The recipe of a run that <paramref name="verb"/> is to go on with. A recipe or overrides that were given beside it must say the
    /// same, but for
    /// keys that may change while a run goes on (<see cref="RunChanges"/>): these are noted in the description.
    /// </summary>
    public static T Recipe<T>(RunFolder run, ref RunDescription description, string verb, string? recipe, IReadOnlyList<string> overrides,
        Action<string> say)
        where T : ISettings, new()
    {
        if (description.Verb != verb)
            throw new TenonException($"{run.Folder} is a run of `tenon {description.Verb}`", hint: run.ResumeCommand(), usage: true);
        if (description.Recipe.Count == 0) throw run.Damaged("no recipe");
        try
        {
            var stored = RecipeFile.Read<T>(description.Recipe, run.RunFile);
            if (recipe is null && overrides.Count == 0) return stored;
            // Keys that the version which began the run did not know have their defaults.
            description = description with { Recipe = RecipeFile.Resolved(stored) };
        }
        catch (Exception e) when (e is TenonException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw run.Damaged(e.Message.ReplaceLineEndings(" "), e);
        }

        var given = RecipeFile.Resolved(RecipeFile.Load<T>(recipe ?? run.RunFile, overrides));
        description = RunChanges.Apply(run, description, given, say);
        return RecipeFile.Read<T>(description.Recipe, run.RunFile);
    }

    /// <summary>Refuses to go on with other numerics, another CPU tier in bf16, another model or other data.</summary>
    public static void RequireSame(RunDescription run, CausalModel model, string? modelName, DataSettings data, RunHome home, bool forced)
    {
        if (forced) return;
        var current = Numerics.Of(Precisions.Of(run.Precision ?? Precision.F32.Word()));
        if (run.Numerics is { } numerics && numerics != current)
            throw new TenonException("resume", $"numerics version {numerics}, as the run began", $"{current}",
                "finish the run with the version that began it, or --force to go on with other numbers", usage: true);
        if (run.Precision == "bf16" && run.Tier is { } tier && Precision.Bf16.Tier() is var here && tier != here)
            throw new TenonException("resume in bf16", $"a CPU of tier {tier}, as the run began", here,
                (here.StartsWith(tier, StringComparison.Ordinal) ? "TENON_ASSEMBLE=0 in the environment computes as that tier does, or " : "")
                + "--force to go on with other numbers", usage: true);
        if (run.ModelFingerprint is { } fingerprint && fingerprint != model.Fingerprint)
            throw new TenonException($"model '{modelName}'", $"fingerprint {fingerprint}, as the run began", model.Fingerprint,
                "the model's file has changed since: restore it, or --force", usage: true);
        if (run.DataSha256 is { } hash && DataSha256(data, home) is var now && hash != now)
            throw new TenonException($"data '{string.Join("', '", data.AllSources.Select(source => source.Train).OfType<string>())}'", $"SHA-256 {hash}, as the run began", now
                ?? "no file", "the file has changed since: restore it, or --force to go on with other problems", usage: true);
    }

    /// <summary>Refuses to go on with another teacher.</summary>
    public static void RequireSameTeacher(RunDescription run, CausalModel? teacher, bool forced)
    {
        if (forced || run.TeacherFingerprint is not { } fingerprint || fingerprint == teacher?.Fingerprint) return;
        throw new TenonException("objective.teacher-model", $"fingerprint {fingerprint}, as the run began", teacher?.Fingerprint ?? "none",
            "the teacher's file has changed since: restore it, or --force", usage: true);
    }

    // A task is all in the recipe; a file is known by its bytes.
    private static string? DataSha256(DataSettings data, RunHome home)
    {
        var hashes = data.AllSources.Select(source => source.Train).OfType<string>().Select(path =>
        {
            using var stream = InputFile.Open(home.PathOf(path), "Data file");
            return SHA256.HashData(stream);
        }).ToList();
        return hashes.Count switch
        {
            0 => null,
            1 => Convert.ToHexStringLower(hashes[0]),
            _ => Convert.ToHexStringLower(SHA256.HashData([.. hashes.SelectMany(hash => hash)])),
        };
    }
}
