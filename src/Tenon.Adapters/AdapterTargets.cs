using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Tenon.Adapters;

/// <summary>
/// Which modules an adapter stands at: all linear layers (of a method that has others, all of those), modules by the ends of their paths,
/// or modules whose
/// whole path one regular expression matches. A text converts as recipes write it: <c>all-linear</c>, names separated by commas, or an
/// expression.
/// </summary>
[JsonConverter(typeof(Converter))]
public abstract record AdapterTargets
{
    /// <summary>All linear layers.</summary>
    public static AdapterTargets AllLinear { get; } = new All();

    /// <summary>Modules by the ends of their paths, or by whole paths.</summary>
    public static AdapterTargets Of(IEnumerable<string> names) => new Names([.. names]);

    /// <summary>What a text means.</summary>
    public static implicit operator AdapterTargets(string text)
    {
        if (text.Equals("all-linear", StringComparison.OrdinalIgnoreCase)) return AllLinear;
        return IsPattern(text) ? new Pattern(text)
            : Of(text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>True for a text that can only be a regular expression.</summary>
    internal static bool IsPattern(string text) => text.AsSpan().IndexOfAny("*()[]|^$\\+?{}") >= 0;

    /// <summary>PEFT's form: a text, or a list of names.</summary>
    internal abstract JsonNode Json();

    /// <summary>All linear layers.</summary>
    public sealed record All : AdapterTargets
    {
        /// <inheritdoc/>
        public override string ToString() => "all-linear";

        internal override JsonNode Json() => "all-linear";
    }

    /// <summary>Modules by the ends of their paths.</summary>
    /// <param name="Paths">The ends, or whole paths.</param>
    public sealed record Names(IReadOnlyList<string> Paths) : AdapterTargets
    {
        /// <inheritdoc/>
        public bool Equals(Names? other) => other is not null && Paths.SequenceEqual(other.Paths);

        /// <inheritdoc/>
        public override int GetHashCode() => Paths.Aggregate(0, (hash, path) => HashCode.Combine(hash, path));

        /// <inheritdoc/>
        public override string ToString() => string.Join(',', Paths);

        internal override JsonNode Json() => new JsonArray([.. Paths.Select(path => (JsonNode)path)]);
    }

    /// <summary>Modules whose whole path an expression matches.</summary>
    /// <param name="Expression">Python's regular expression.</param>
    public sealed record Pattern(string Expression) : AdapterTargets
    {
        /// <inheritdoc/>
        public override string ToString() => Expression;

        internal override JsonNode Json() => Expression;
    }

    // A recipe has a text or a list; what is written is a list, as it always was.
    private sealed class Converter : JsonConverter<AdapterTargets>
    {
        public override AdapterTargets Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            JsonNode.Parse(ref reader) switch
            {
                JsonArray { Count: 1 } one when one[0] is JsonValue only && only.TryGetValue<string>(out var text) => text,
                JsonArray list when list.All(item => item is JsonValue name && name.TryGetValue<string>(out _)) =>
                    Of(list.Select(item => item!.GetValue<string>())),
                JsonValue value when value.TryGetValue<string>(out var text) => text,
                _ => throw new JsonException("targets are all-linear, names of layers, or a regular expression"),
            };

        public override void Write(Utf8JsonWriter writer, AdapterTargets value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value is Names names ? names.Paths : [value.ToString()], options);
    }
}
