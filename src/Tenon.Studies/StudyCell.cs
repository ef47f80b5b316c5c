using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Recipes;
using Tenon.Training.Settings;

namespace Tenon.Studies;

/// <summary>What a cell is run for.</summary>
public enum StudyRole
{
    /// <summary>To choose a value of a tuned key.</summary>
    Tune,

    /// <summary>To be reported.</summary>
    Report,
}

/// <summary>A row of a study: one value of each axis of a grid.</summary>
/// <param name="Grid">The grid's name; empty for the study's own axes.</param>
/// <param name="Values">The values by key, in the order of the axes.</param>
public sealed record StudyRow(string Grid, IReadOnlyList<KeyValuePair<string, StudyValue>> Values)
{
    /// <summary>What tables call it: its values, and the grid where it is no axis of the study itself.</summary>
    public string Label
    {
        get
        {
            var values = Values.Count == 0 ? "base" : string.Join(", ", Values.Select(v => v.Value.Label));
            return Grid.Length == 0 ? values : $"{Grid}: {values}";
        }
    }
}

/// <summary>One run of a study: an ordinary run in a folder of its own.</summary>
public sealed record StudyCell
{
    /// <summary>Its folder's name: values, seed and a hash of all that decides its result.</summary>
    public required string Id { get; init; }

    /// <summary>The row it belongs to.</summary>
    public required StudyRow Row { get; init; }

    /// <summary>The values of the tuned keys, as text.</summary>
    public required IReadOnlyDictionary<string, string> Tuned { get; init; }

    /// <summary>The run's seed.</summary>
    public required long Seed { get; init; }

    /// <summary>What it is run for.</summary>
    public required StudyRole Role { get; init; }

    /// <summary>The run's recipe; null where it has faults.</summary>
    public RunSettings? Settings { get; init; }

    /// <summary>Why there can be no run; null where there can.</summary>
    public string? Refusal { get; init; }

    /// <summary>Makes a cell from the base and what it changes of it.</summary>
    internal static StudyCell Of(StudyRecipe recipe, StudyRow row, IReadOnlyList<KeyValuePair<string, string>> tuned, long seed,
        StudyRole role,
        IReadOnlyList<string>? further = null)
    {
        var benchmarks = role == StudyRole.Tune ? recipe.TuneBenchmarks : recipe.Benchmarks;
        string[] overrides =
        [
            .. row.Values.Select(v => $"{v.Key}={v.Value.Json}"), .. tuned.Select(t => $"{t.Key}={t.Value}"), .. further
                ?? [], $"seed={seed}",
            BenchmarksOf(benchmarks),
        ];
        RunSettings? settings = null;
        string? refusal = null;
        try
        {
            settings = RecipeFile.Parse<RunSettings>(recipe.BaseText, recipe.BaseName, overrides);
            // Generated problems that a value is chosen on are others than those that are reported.
            if (role == StudyRole.Tune)
                settings = settings with { Evaluate = settings.Evaluate with { Seed = settings.Evaluate.Seed ^ 0x74756E65 } };
        }
        catch (TenonException e)
        {
            refusal = e.Message;
        }

        var hash = Hash(settings is null ? new JsonObject { ["overrides"] = string.Join('\n', overrides) } : Chosen(settings), role);
        var words = row.Values.Select(v => v.Value.Label).Concat(tuned.Select(t => t.Value));
        return new StudyCell
        {
            Id = $"{Slug(string.Join('-', words))}-s{seed}-{hash[..10]}", Row = row, Tuned = tuned.ToDictionary(), Seed = seed, Role = role,
            Settings = settings, Refusal = refusal,
        };
    }

    /// <summary>Benchmarks as an override of a recipe.</summary>
    internal static string BenchmarksOf(IReadOnlyList<string> names) =>
        $"evaluate.benchmarks=[{string.Join(", ", names.Select(name => $"\"{name}\""))}]";

    // Only what differs from the defaults, so that a key which a later version adds leaves finished cells what they are.
    private static JsonObject Chosen(RunSettings settings) =>
        Differing(SettingsJson.Write(settings), SettingsJson.Write(new RunSettings()));

    private static JsonObject Differing(JsonObject all, JsonObject usual)
    {
        var result = new JsonObject();
        foreach (var (key, value) in all.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            var other = usual[key];
            if (value is JsonObject map && other is JsonObject below)
            {
                if (Differing(map, below) is { Count: > 0 } inner) result[key] = inner;
            }
            else if (!JsonNode.DeepEquals(value, other))
            {
                result[key] = value?.DeepClone();
            }
        }

        return result;
    }

    private static string Hash(JsonObject what, StudyRole role) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{role} {what.ToJsonString()}")));

    private static string Slug(string text)
    {
        var result = new StringBuilder();
        foreach (var c in text.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '.' or '+') result.Append(c);
            else if (result.Length > 0 && result[^1] != '-') result.Append('-');
        }

        var slug = result.ToString().Trim('-', '.');
        return slug.Length == 0 ? "base" : slug.Length <= 60 ? slug : slug[..60].TrimEnd('-');
    }
}
