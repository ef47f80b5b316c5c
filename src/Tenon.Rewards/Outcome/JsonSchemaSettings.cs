using System.Text.Json;

namespace Tenon.Rewards.Outcome;

/// <summary>The schema, and whether the document must also be the gold.</summary>
public sealed record JsonSchemaSettings : ISettings
{
    /// <summary>
    /// The schema (JSON Schema draft 6 to 2020-12, by its <c>$schema</c>; 2020-12 without one); null takes each line's own from
    /// <see cref="Column"/>.
    /// </summary>
    public JsonElement? Schema { get; init; }

    /// <summary>The data column of the schema, where <see cref="Schema"/> is null.</summary>
    public string Column { get; init; } = "schema";

    /// <summary>True: the document must also equal the gold answer, as JSON (order of members and spaces apart).</summary>
    public bool Gold { get; init; }

    /// <summary>True where a valid document is the outcome (accuracy, dynamic sampling), false where it only shapes.</summary>
    public bool Outcome { get; init; } = true;

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (string.IsNullOrWhiteSpace(Column)) yield return new("column", "is empty", "the name of a column");
        if (Schema is { } schema && CompiledSchema.TryMake(schema, out var fault) is null) yield return new("schema", fault!);
    }
}
