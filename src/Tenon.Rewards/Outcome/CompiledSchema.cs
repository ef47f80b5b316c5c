using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;
using Json.Schema.Keywords;

namespace Tenon.Rewards.Outcome;

/// <summary>
/// A JSON schema ready to judge with. Evaluation is JsonSchema.Net's, except that patterns are matched in linear time, that keywords nobody
/// knows
/// are faults, and that nothing is fetched: a reference leads into the schema itself or is a fault.
/// </summary>
internal sealed class CompiledSchema
{
    private const int LongestNumber = 400, LargestExponent = 400;

    private readonly JsonSchema _schema;

    private CompiledSchema(JsonSchema schema) => _schema = schema;

    /// <summary>The schema; null with the fault where it is none.</summary>
    public static CompiledSchema? TryMake(JsonElement schema, out string? fault)
    {
        fault = null;
        try
        {
            var dialects = new[] { Dialect.Draft06, Dialect.Draft07, Dialect.Draft201909, Dialect.Draft202012 }
                .Select(d => d.With([LinearPattern.Keyword, LinearPatternProperties.Keyword], d.Id, allowUnknownKeywords: false)).ToList();
            var registry = new DialectRegistry();
            dialects.ForEach(registry.Register);
            var made =
                JsonSchema.Build(schema,
                new BuildOptions { DialectRegistry = registry, Dialect = dialects[^1], SchemaRegistry = new SchemaRegistry() });
            made.Evaluate(JsonSerializer.SerializeToElement("x"));
            return new CompiledSchema(made);
        }
        catch (NotSupportedException)
        {
            fault = "has a pattern with look-around or a back-reference, which cannot be matched in linear time: write it without";
        }
        catch (Exception e) when (e is JsonSchemaException or RefResolutionException or ArgumentException or InvalidOperationException
        or FormatException)
        {
            fault = $"is no JSON schema: {e.Message}";
        }

        return null;
    }

    /// <summary>
    /// True where the document keeps the schema. Numbers of very many digits or a huge exponent and texts that are no text do not.
    /// </summary>
    public bool Holds(JsonElement document)
    {
        try
        {
            if (!NumbersAreSmall(document)) return false;
            return _schema.Evaluate(document).IsValid;
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or OverflowException)
        {
            return false;
        }
    }

    // The library writes numbers out digit by digit on the stack: 1e999999999 would end the process.
    private static bool NumbersAreSmall(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().All(NumbersAreSmall),
        JsonValueKind.Object => value.EnumerateObject().All(p => NumbersAreSmall(p.Value)),
        JsonValueKind.Number => value.GetRawText() is { Length: <= LongestNumber } text
            && (text.IndexOfAny(['e', 'E']) is var e
            && (e < 0
            || (int.TryParse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
            && Math.Abs(exponent) <= LargestExponent))),
        _ => true,
    };

    private static Regex Linear(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    private sealed class LinearPattern : PatternKeyword
    {
        public static readonly LinearPattern Keyword = new();

        public override object? ValidateKeywordValue(JsonElement value) =>
            value.ValueKind == JsonValueKind.String ? Linear(value.GetString()!) : base.ValidateKeywordValue(value);
    }

    private sealed class LinearPatternProperties : PatternPropertiesKeyword
    {
        public static readonly LinearPatternProperties Keyword = new();

        public override object? ValidateKeywordValue(JsonElement value) =>
            value.ValueKind == JsonValueKind.Object ? value.EnumerateObject().ToDictionary(p => p.Name, p => Linear(p.Name))
            : base.ValidateKeywordValue(value);
    }
}
