using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tenon;

/// <summary>An amount of memory in a recipe: <c>off</c> (none), or a number with its unit, <c>512MB</c>, <c>2GB</c> (decimal).</summary>
/// <param name="Bytes">Bytes; 0 for <c>off</c>.</param>
[JsonConverter(typeof(ByteSizeConverter))]
public readonly record struct ByteSize(long Bytes)
{
    private const string Off = "off";
    private static readonly (string Unit, long Bytes)[] S_units =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("B", 1)];

    /// <summary>The amount that a text says; null where it says none.</summary>
    public static ByteSize? Parse(string text)
    {
        text = text.Trim();
        if (text.Equals(Off, StringComparison.OrdinalIgnoreCase)) return new ByteSize(0);
        foreach (var (unit, bytes) in S_units)
        {
            if (!text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)) continue;
            var digits = text[..^unit.Length].Trim();
            return decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number <= long.MaxValue / bytes ? new ByteSize((long)(number * bytes)) : null;
        }

        return null;
    }

    /// <summary>The text that <see cref="Parse"/> reads, in the largest unit that it is a whole number of.</summary>
    public override string ToString()
    {
        var bytes = Bytes;
        if (bytes == 0) return Off;
        var (unit, size) = S_units.First(u => bytes % u.Bytes == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / size}{unit}");
    }
}

/// <summary>An amount of memory is a text with its unit.</summary>
internal sealed class ByteSizeConverter : JsonConverter<ByteSize>
{
    private const string Expected = "expected off, or a size with its unit: 512MB, 2GB";

    public override ByteSize Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && ByteSize.Parse(reader.GetString()!) is { } size ? size
        : throw new JsonException(Expected);

    public override void Write(Utf8JsonWriter writer, ByteSize value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
