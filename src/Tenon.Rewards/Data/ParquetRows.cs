using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Parquet;
using Parquet.Serialization;

namespace Tenon.Rewards.Data;

/// <summary>Rows of a Parquet file (Parquet.Net), a row group at a time; structs become objects, lists arrays, dates ISO texts.</summary>
internal static class ParquetRows
{
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
                return ParquetSerializer.DeserializeUntypedAsync(file, rowGroupIndex: index).GetAwaiter().GetResult().Data;
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
            throw new TenonException($"Data file {path}", "a whole Parquet file", e.Message, "fetch or write the file again", e,
                usage: true);
        }
    }

    private static JsonElement Element(object? value) => JsonSerializer.SerializeToElement(Node(value));

    private static JsonNode? Node(object? value) => value switch
    {
        null => null,
        string text => JsonValue.Create(text),
        bool flag => JsonValue.Create(flag),
        byte[] bytes => JsonValue.Create(Convert.ToBase64String(bytes)),
        double number => double.IsFinite(number) ? JsonValue.Create(number) : null,
        float number => float.IsFinite(number) ? JsonValue.Create(number) : null,
        decimal number => JsonValue.Create(number),
        DateTime time => JsonValue.Create(time.ToString("O", CultureInfo.InvariantCulture)),
        IDictionary map => Map(map),
        IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(Node)]),
        IFormattable number and (sbyte or byte or short or ushort or int or uint or long or ulong) =>
            JsonNode.Parse(number.ToString(null, CultureInfo.InvariantCulture)),
        IFormattable other => JsonValue.Create(other.ToString(null, CultureInfo.InvariantCulture)),
        _ => JsonValue.Create(value.ToString()),
    };

    private static JsonObject Map(IDictionary map)
    {
        var result = new JsonObject();
        foreach (DictionaryEntry entry in map) result[Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!] = Node(entry.Value);
        return result;
    }
}
