using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Tenon.Runs.Evaluations;

/// <summary>
/// All that decides an evaluation's figures: fingerprints of weights, adapter, template and problems, the prompt's text, sampling, length,
/// seed, grader and numerics.
/// Two evaluations of one identity give the same samples, byte for byte.
/// </summary>
public sealed class EvaluationIdentity(JsonObject values)
{
    /// <summary>What it consists of; <c>identity.json</c> holds it.</summary>
    public JsonObject Values { get; } = RunJson.Parse(values.ToLine())!;

    /// <summary>SHA-256 of the values, 64 hexadecimal digits.</summary>
    public string Hash { get; } = Sha256(values.ToLine());

    /// <summary>SHA-256 of a text, in hexadecimal digits.</summary>
    public static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Where another identity differs: the keys, each with both values.</summary>
    public IReadOnlyList<(string Key, string Here, string There)> Differences(JsonObject other)
    {
        var result = new List<(string, string, string)>();
        Compare(Values, other, "");
        return result;

        void Compare(JsonNode? here, JsonNode? there, string key)
        {
            if (JsonNode.DeepEquals(here, there)) return;
            if (here is JsonObject a && there is JsonObject b)
                foreach (var name in a.Select(p => p.Key).Union(b.Select(p => p.Key)))
                    Compare(a[name], b[name], key.Length == 0 ? name : $"{key}.{name}");
            else result.Add((key, here?.ToLine() ?? "null", there?.ToLine() ?? "null"));
        }
    }
}
