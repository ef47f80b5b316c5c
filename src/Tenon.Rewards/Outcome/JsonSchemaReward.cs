using System.Collections.Concurrent;
using System.Text.Json;

namespace Tenon.Rewards.Outcome;

/// <summary>
/// The completion holds a JSON document that keeps a schema: the last fenced block tagged <c>json</c> or untagged, or the whole text (after
/// the
/// think block) where there is no such block. Documents with a member twice, comments or trailing commas are no JSON here.
/// </summary>
public sealed class JsonSchemaReward(JsonSchemaSettings settings) : IReward
{
    private const int LongestDocument = 1_000_000;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly ConcurrentDictionary<string, CompiledSchema?> _schemas = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Name => "json-schema";

    /// <inheritdoc/>
    public bool IsOutcome => settings.Outcome;

    /// <inheritdoc/>
    public bool ReadsAnyGold => true;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        if (SchemaOf(problem) is not { } raw) return Verdict.Skip("no-schema");
        if (_schemas.GetOrAdd(raw.GetRawText(), key => CompiledSchema.TryMake(raw, out _)) is not { } schema)
            return Verdict.Skip("schema-broken");
        JsonDocument? gold = null;
        if (settings.Gold && !TryParse(problem.Answer, out gold)) return Verdict.Skip("gold-no-json");
        using (gold)
        {
            if (Find(completion, out var reason) is not { } text) return Result(false, reason);
            if (text.Length > LongestDocument) return Result(false, "too-long");
            if (!TryParse(text, out var document)) return Result(false, "no-json");
            using (document!)
            {
                reason = !schema.Holds(document!.RootElement) ? "schema-different" : gold is null ? "schema-kept" : Same(document!, gold)
                    ? "json-equal" : "json-different";
                return Result(reason is "schema-kept" or "json-equal", reason) with { Extracted = text };
            }
        }
    }

    private JsonElement? SchemaOf(Problem problem)
    {
        if (settings.Schema is { } own) return own;
        if (problem.Fields is not { } fields || !fields.TryGetValue(settings.Column, out var value)) return null;
        if (value.ValueKind != JsonValueKind.String) return value;
        return TryParse(value.GetString()!, out var document) ? document!.RootElement : null;
    }

    private static string? Find(in Completion completion, out string reason)
    {
        reason = "unclosed-think";
        if (completion.AfterThinking() is not { } text) return null;
        reason = "unclosed-block";
        var block = FencedBlock.All(text).LastOrDefault(b => b.Tag is "" or "json");
        if (block is { Closed: false }) return null;
        reason = "found";
        return (block?.Body ?? text).Trim();
    }

    private static bool TryParse(string text, out JsonDocument? document)
    {
        document = null;
        try
        {
            document = JsonDocument.Parse(text, Strict);
            return true;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            // Neither JSON nor, for half a surrogate pair, text.
            return false;
        }
    }

    private static bool Same(JsonDocument a, JsonDocument b)
    {
        try
        {
            return JsonElement.DeepEquals(a.RootElement, b.RootElement);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private Verdict Result(bool right, string reason) => new(right ? 1 : 0, settings.Outcome ? right : null, reason);
}
