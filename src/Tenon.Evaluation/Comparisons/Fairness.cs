using System.Text.Json.Nodes;

namespace Tenon.Evaluation.Comparisons;

/// <summary>
/// Whether two evaluations may stand side by side: their identities must agree in all that is not what is being compared. The model, its
/// adapter and what
/// comes with it (tokenizer, template, fingerprints), the seed and the number of samples may differ; another data file, prompt, sampling,
/// length or
/// grader makes another question.
/// </summary>
public static class Fairness
{
    private static readonly string[] S_free =
    [
        "model", "weights", "adapter", "tokenizer", "template", "chat", "fingerprint", "method", "run", "step", "seed", "name", "k",
            "samples", "numerics", "precision", "tier",
        "threads", "version", "tenon", "sha256", "identity", "time", "started", "created", "folder", "path", "checkpoint", "format", "lora", "columns",
    ];

    /// <summary>
    /// The keys, dotted, in which two identities differ and must not, with both values; <paramref name="across"/> names keys (or parts of
    /// them) that may.
    /// </summary>
    public static IReadOnlyList<(string Key, string First, string Second)> Differences(JsonObject first, JsonObject second,
        IReadOnlyList<string> across)
    {
        // A folder that says nothing of itself cannot be judged.
        if (first.Count == 0 || second.Count == 0) return [];
        var (a, b) = (Flat(first), Flat(second));
        return [.. a.Keys.Union(b.Keys).Where(key => !Free(key) && !across.Any(word => Names(key, word)))
            .Select(key => (key, a.GetValueOrDefault(key, "nothing"), b.GetValueOrDefault(key, "nothing"))).Where(d => d.Item2 != d.Item3)];
    }

    /// <summary>Refuses an unfair comparison, naming each difference.</summary>
    public static void Require(string firstName, StoredEvaluation first, string secondName, StoredEvaluation second,
        IReadOnlyList<string> across)
    {
        var differences = Differences(first.Identity, second.Identity, across);
        if (differences.Count == 0) return;
        throw new TenonException(
            $"{first.Benchmark}: {firstName} and {secondName} were not asked the same",
            string.Join("; ", differences.Select(d => $"{d.Key} {d.First} in both")),
            string.Join("; ", differences.Select(d => $"{d.Key} {d.Second}")),
            $"evaluate both alike; --across {differences[0].Key} where that is what you compare; --force for all", usage: true);
    }

    private static bool Free(string key)
    {
        var words = key.Split('.', '_', '-', '/');

        if (words[^1] == "seed") return true;

        // The first word says what the key is of; "data.sha256" is the data's, "weights_sha256" the model's.
        return words[0]
            is not ("data" or "file" or "benchmark" or "problems" or "prompt" or "grader" or "rules" or "sampling" or "rollout"
            or "evaluate")
            ? S_free.Contains(words[0])
            : words[^1] is "path" or "name" or "folder" || words is ["data" or "file" or "benchmark"];
    }

    private static bool Names(string key, string word) =>
        key.Equals(word, StringComparison.OrdinalIgnoreCase) || key.Split('.', '_', '-').Contains(word, StringComparer.OrdinalIgnoreCase) ||
        key.StartsWith(word + ".", StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, string> Flat(JsonObject json)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(json, "");
        return result;

        void Add(JsonNode? node, string path)
        {
            if (node is JsonObject map)
            {
                foreach (var (key, value) in map) Add(value, path.Length == 0 ? key : $"{path}.{key}");
            }
            else if (node is not null)
            {
                result[path] = node.ToJsonString();
            }
        }
    }
}
