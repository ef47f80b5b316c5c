using System.Text.Json;

namespace Tenon.Rewards.Data;

/// <summary>
/// The rows of a data file, whatever its format: JSON lines, a JSON array of objects, CSV and TSV (RFC 4180, a heading line), each also
/// packed with gzip,
/// and Parquet. The format is told by the file's first bytes and its name.
/// </summary>
public static class DataTable
{
    private const string What = "Data file";
    private static readonly string[] S_endings =
        [".jsonl", ".jsonl.gz", ".json", ".json.gz", ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet"];

    /// <summary>The rows in the order of the file; a fault of the file as a whole is thrown, one of a row stands in the row.</summary>
    public static IEnumerable<DataRow> Rows(string path)
    {
        if (IsParquet(path)) return ParquetRows.Read(path);
        return Text(path, InputFile.OpenText(path, What));
    }

    /// <summary>Whether the file's rows are those of a table with columns (Parquet, CSV, TSV), not lines of JSON.</summary>
    public static bool IsTable(string path) => IsParquet(path) || Ending(path) is ".csv" or ".tsv";

    private static bool IsParquet(string path)
    {
        using var file = InputFile.Open(path, What);
        Span<byte> head = stackalloc byte[4];
        return file.CanSeek && file.ReadAtLeast(head, 4, throwOnEndOfStream: false) == 4 && head.SequenceEqual("PAR1"u8);
    }

    private static string Ending(string path) =>
        Path.GetExtension(path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path).ToLowerInvariant();

    /// <summary>
    /// The file of a benchmark: a path, or a name in a folder with one of the endings of data files, each through <paramref name="pathOf"/>
    /// (a run's own folders); where there is none, the path of the JSONL file that is missing.
    /// </summary>
    public static string Locate(string name, string folder, Func<string, string>? pathOf = null)
    {
        pathOf ??= path => path;
        var inside = Path.Combine(folder, name);
        return S_endings.Select(ending => inside + ending).Prepend(inside).Prepend(name).Select(pathOf).FirstOrDefault(File.Exists)
            ?? pathOf(inside + (Path.HasExtension(name) ? "" : S_endings[0]));
    }

    internal static IEnumerable<DataRow> Text(string path, Stream stream)
    {
        var lines = new Utf8Lines(stream, $"{What} {path}");
        return Ending(path) switch
        {
            ".csv" => CsvRows.Read(lines, path, ','),
            ".tsv" => CsvRows.Read(lines, path, '\t'),
            _ => JsonRows(lines, path),
        };
    }

    private static IEnumerable<DataRow> JsonRows(Utf8Lines lines, string path)
    {
        using var open = lines;
        for (var first = true; ;)
        {
            string? line = null;
            DataRow? broken = null;
            try
            {
                line = lines.ReadLine();
            }
            catch (TenonException e) when (!lines.IsHopeless)
            {
                broken = new DataRow(lines.Line, $"{What} {path}, line {lines.Line}", e);
            }

            if (broken is not null)
            {
                yield return broken;
                continue;
            }

            if (line is null) yield break;
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (first && line.TrimStart().StartsWith('['))
            {
                foreach (var row in ArrayRows(line + "\n" + lines.ReadToEnd(), path, lines.Line)) yield return row;
                yield break;
            }

            first = false;
            yield return JsonRow(line.Trim(), lines.Line, $"{What} {path}, line {lines.Line}");
        }
    }

    private static DataRow JsonRow(string line, int number, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return ObjectRow(document.RootElement, number, where, Shown(line));
        }
        catch (JsonException e)
        {
            var hint = line == "{" ? "a file of JSON lines holds one object a line; a JSON file holds an array of objects"
                : JsonFault.Describe(e, line);
            return new DataRow(number, where,
                new TenonException($"{where} is no JSON", "a JSON object on one line", Shown(line), hint, e, usage: true));
        }
    }

    private static IEnumerable<DataRow> ArrayRows(string text, string path, int line)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text);
        }
        catch (JsonException e)
        {
            throw new TenonException($"{What} {path} is no JSON", "one JSON object a line, or one array of objects",
                JsonFault.Describe(e, text),
                $"the array begins on line {line}", e, usage: true);
        }

        using (document)
        {
            var number = 0;
            foreach (var item in document.RootElement.EnumerateArray())
                yield return ObjectRow(item, ++number, $"{What} {path}, item {number}", Shown(item.GetRawText()));
        }
    }

    private static DataRow ObjectRow(JsonElement row, int number, string where, string shown)
    {
        if (row.ValueKind != JsonValueKind.Object)
            return new DataRow(number, where, new TenonException(where, "a JSON object", shown,
                "every line is an object such as {\"problem\": \"...\", \"answer\": \"...\"}", usage: true));
        try
        {
            var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            foreach (var property in row.EnumerateObject()) fields[property.Name] = property.Value.Clone();
            return new DataRow(number, where, fields);
        }
        catch (InvalidOperationException e)
        {
            return new DataRow(number, where, BrokenText(where, e));
        }
    }

    /// <summary>Half of a surrogate pair (<c>\ud800</c> alone) is JSON and yet no text.</summary>
    internal static TenonException BrokenText(string where, Exception inner) =>
        new(where, "text", "half of a surrogate pair", "the file was cut inside a character when it was written", inner, usage: true);

    /// <summary>The beginning of a value, for an error.</summary>
    internal static string Shown(string text)
    {
        if (text.Length <= 60) return text;
        var end = char.IsHighSurrogate(text[59]) ? 59 : 60;
        return text[..end] + "...";
    }
}
