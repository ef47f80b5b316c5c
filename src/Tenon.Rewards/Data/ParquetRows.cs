using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Parquet;
using Parquet.Serialization;

namespace Tenon.Rewards.Data;

/// <summary>
/// Rows of a Parquet file (Parquet.Net), a row group at a time; structs become objects, lists arrays, dates ISO texts. What has no form in
/// JSON (bytes that are no UTF-8, intervals) becomes an object that names it, so that it is refused where it is asked for.
/// </summary>
internal static class ParquetRows
{
    private static readonly ParquetOptions S_options = new() { UseDateOnlyTypeForDates = true };
    private static readonly UTF8Encoding S_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static IEnumerable<DataRow> Read(string path)
    {
        using var file = InputFile.Open(path, "Data file");
        var (groups, names) = Guarded(path, () =>
        {
            var reader = ParquetReader.CreateAsync(file, leaveStreamOpen: true).GetAwaiter().GetResult();
            var shape = (reader.RowGroupCount, reader.Schema.Fields.Select(f => f.Name).ToList());
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return shape;
        });
        var number = 0;
        for (var group = 0; group < groups; group++)
        {
            var index = group;
            var rows = Guarded(path, () =>
            {
                file.Position = 0;
                return ParquetSerializer.DeserializeUntypedAsync(file, S_options, index).GetAwaiter().GetResult().Data;
            });
            foreach (var row in rows)
            {
                number++;
                var where = $"Data file {path}, row {number}";
                // A value that is null is left out of its row.
                yield return new DataRow(number, where,
                    names.ToDictionary(name => name, name => Element(row.GetValueOrDefault(name)), StringComparer.Ordinal));
            }
        }
    }

    // The library's own exceptions differ by version and by where the file is cut.
    private static T Guarded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not TenonException and not OutOfMemoryException)
        {
            var column = e.Message.StartsWith("failed to read column", StringComparison.Ordinal);
            throw new TenonException($"Data file {path}", "a whole Parquet file", e.InnerException is { } inner ? $"{e.Message} "
                + $"({inner.Message})" : e.Message, "fetch or write the file again"
                + (column ? "; numbers of more than 28 digits are to be written as text, or the column left out" : ""), e, usage: true);
        }
    }

    private static JsonElement Element(object? value) => JsonSerializer.SerializeToElement(Node(value));

    private static JsonNode? Node(object? value) => value switch
    {
        null => null,
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        byte[] bytes => Bytes(bytes),
        ReadOnlyMemory<byte> bytes => Bytes(bytes.ToArray()),
        ReadOnlyMemory<char> text => JsonValue.Create(text.ToString()),
        double number => double.IsFinite(number) ? JsonValue.Create(number) : null,
        float number => float.IsFinite(number) ? JsonValue.Create(number) : null,
        decimal number => JsonValue.Create(number),
        // A time without a zone is none of this machine's.
        DateTime { Kind: DateTimeKind.Local } time => Node(DateTime.SpecifyKind(time, DateTimeKind.Unspecified)),
        DateTime time => JsonValue.Create(time.ToString("O", CultureInfo.InvariantCulture)),
        DateOnly or TimeOnly => JsonValue.Create(((IFormattable)value).ToString("O", CultureInfo.InvariantCulture)),
        IDictionary map => Map(map),
        IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(Node)]),
        IFormattable number and (sbyte or byte or short or ushort or int or uint or long or ulong) =>
            JsonNode.Parse(number.ToString(null, CultureInfo.InvariantCulture)),
        IFormattable other => JsonValue.Create(other.ToString(null, CultureInfo.InvariantCulture)),
        _ => new JsonObject { [value.GetType().Name] = null },
    };

    // Older writers do not mark texts as such.
    private static JsonNode Bytes(byte[] bytes)
    {
        try
        {
            return JsonValue.Create(S_utf8.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return new JsonObject { ["bytes that are no text"] = null };
        }
    }

    private static JsonObject Map(IDictionary map)
    {
        var result = new JsonObject();
        foreach (DictionaryEntry entry in map) result[Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!] = Node(entry.Value);
        return result;
    }
}
