using System.Text.Json.Nodes;
using Tenon.Rollouts;
using Tenon.Runs;

namespace Tenon.Recipes;

/// <summary>
/// What of a run's recipe may change while it goes on: how far it goes, how it is watched and kept, and how the work is cut. Nothing that
/// was done would be other.
/// </summary>
internal static class RunChanges
{
    /// <summary>Keys, or whole records, that may change.</summary>
    public static readonly string[] Free =
        ["steps", "evaluate", "checkpoint", "early-stop", "on-divergence", "divergence", "rollout.concurrency", "rollout.speculation",
        "update.micro-batch-tokens", "update.recompute", "update.workers", "update.keep-activations", "update.skip-idle",
        "micro-batch-tokens", "stop"];

    /// <summary>
    /// Keys whose null stands for a value that follows from the others, from the model or from the data's own columns: the run holds that
    /// value (one of an earlier version always), a recipe need not.
    /// </summary>
    private static readonly HashSet<string> S_derived =
        ["adapter.rank", "adapter.alpha", "adapter.seed", "optimizer.learning-rate", "evaluate.max-new-tokens", "data.problem-column",
        "data.answer-column", "data.id-column"];

    /// <summary>The description with the recipe that is given; a change of any other key is refused by its name.</summary>
    public static RunDescription Apply(RunFolder run, RunDescription description, JsonObject given, Action<string> say)
    {
        var changes = Differences(description.Recipe, given, "").ToList();
        if (changes.Count == 0) return description;
        if (changes.Find(change => !IsFree(change.Key)) is { Key: not null } fixedKey)
            throw new TenonException($"resume {run.Folder}: {fixedKey.Key}", $"{Text(fixedKey.Stored)}, as the run began",
                Text(fixedKey.Given),
                $"a run that goes on keeps its recipe but for {string.Join(", ", Free[..^2])}: leave the key out, or begin a new run "
                + $"with another --output", usage: true);
        var done = run.NewestCheckpoint().Step ?? 0;
        if (changes.Find(change => change.Key == "steps") is { Key: not null } length)
        {
            if (RunJson.Whole(length.Given) < done)
                throw new TenonException($"resume {run.Folder}: steps", $"{done} or more, which are done", Text(length.Given),
                    "a run can be made longer, not shorter", usage: true);
            if (RunJson.Text(description.Recipe["optimizer"]?["schedule"]) is not (null or "constant"))
                say($"the run gets {Text(length.Given)} steps instead of {Text(length.Stored)}: from step {done + 1} on the learning "
                    + $"rate is that of a schedule over {Text(length.Given)} steps");
        }

        var recipe = (JsonObject)description.Recipe.DeepClone();
        foreach (var (key, _, value) in changes) Set(recipe, key.Split('.'), value);
        var log = (JsonArray?)description.Changes?.DeepClone() ?? [];
        log.Add(new JsonObject
        {
            ["after_step"] = done,
            ["keys"] =
            new JsonObject(
            changes.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)new JsonArray(c.Stored?.DeepClone(), c.Given?.DeepClone())))),
        });
        return description with { Recipe = recipe, Changes = log };
    }

    private static bool IsFree(string key) => Free.Any(free => key == free || key.StartsWith(free + ".", StringComparison.Ordinal));

    private static string Text(JsonNode? node) => node?.ToLine() ?? "null";

    private static void Set(JsonObject map, string[] path, JsonNode? value)
    {
        foreach (var part in path[..^1])
        {
            if (map[part] is not JsonObject inner) map[part] = inner = [];
            map = inner;
        }

        map[path[^1]] = value?.DeepClone();
    }

    private static IEnumerable<(string Key, JsonNode? Stored, JsonNode? Given)> Differences(JsonNode? stored, JsonNode? given, string key)
    {
        if (JsonNode.DeepEquals(stored, given) || (given is null && S_derived.Contains(key))) return [];
        // The model's own prompt is one, by another name.
        if (key == "data.prompt" && RunJson.Text(given) == Prompts.ModelsOwn) return [];
        if (stored is not JsonObject a || given is not JsonObject b) return [(key, stored, given)];
        return a.Select(p => p.Key).Union(b.Select(p => p.Key))
            .SelectMany(name => Differences(a[name], b[name], key.Length == 0 ? name : $"{key}.{name}"));
    }
}
