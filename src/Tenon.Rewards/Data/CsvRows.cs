using System.Text;
using System.Text.Json;

namespace Tenon.Rewards.Data;

/// <summary>
/// Rows of a CSV or TSV file as RFC 4180 has them: the first record names the columns, a field in double quotes may hold separators, line
/// ends and
/// doubled quotes. Every value is a text; a line end inside a field is <c>\n</c>.
/// </summary>
internal static class CsvRows
{
    public static IEnumerable<DataRow> Read(Utf8Lines lines, string path, char separator)
    {
        using var open = lines;
        List<string>? heading = null;
        while (true)
        {
            var first = lines.Line + 1;
            DataRow? row = null;
            try
            {
                if (Record(lines, separator, path) is not { } fields) yield break;
                // A line without anything is no record, unless it is the one column's empty value.
                if (fields is [""] && heading is not { Count: 1 }) continue;
                if (heading is null) heading = Heading(fields, $"Data file {path}, line {first}", separator);
                else row = Row(heading, fields, first, $"Data file {path}, line {first}");
            }
            catch (TenonException e) when (heading is not null && !lines.IsHopeless)
            {
                row = new DataRow(first, $"Data file {path}, line {first}", e);
            }

            if (row is not null) yield return row;
        }
    }

    private static List<string> Heading(List<string> names, string where, char separator)
    {
        if (names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new TenonException($"{where}: the heading", "each column once", $"'{twice.Key}' {twice.Count()} times", usage: true);
        if (names.Count == 1 && separator == ',' && names[0].AsSpan().IndexOfAny(';', '\t') >= 0)
            throw new TenonException($"{where}: the heading", "columns separated by commas", DataTable.Shown(names[0]),
                "write the file with commas, or with tabs and the ending .tsv", usage: true);
        return names;
    }

    private static DataRow Row(List<string> heading, List<string> fields, int number, string where)
    {
        if (fields.Count != heading.Count)
            throw new TenonException(where, $"{heading.Count} fields, as the heading has", $"{fields.Count}",
                "a field that holds a separator, a quote or a line end stands in double quotes", usage: true);
        var row = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        for (var i = 0; i < fields.Count; i++) row[heading[i]] = JsonSerializer.SerializeToElement(fields[i]);
        return new DataRow(number, where, row);
    }

    private static List<string>? Record(Utf8Lines lines, char separator, string path)
    {
        if (lines.ReadLine() is not { } line) return null;
        var first = lines.Line;
        var fields = new List<string>();
        var field = new StringBuilder();
        var (quoted, closed) = (false, false);
        for (var i = 0; ; i++)
        {
            if (i >= line.Length)
            {
                if (!quoted) break;
                field.Append('\n');
                line = lines.ReadLine()
                    ?? throw new TenonException($"Data file {path}, line {first}", "a closing double quote", "the end of the file",
                    "a quote inside a quoted field is written twice", usage: true);
                i = -1;
                continue;
            }

            var c = line[i];
            if (quoted)
            {
                if (c != '"') field.Append(c);
                else if (i + 1 < line.Length && line[i + 1] == '"') field.Append(line[i++]);
                else (quoted, closed) = (false, true);
            }
            else if (c == separator)
            {
                fields.Add(field.ToString());
                field.Clear();
                closed = false;
            }
            else if (c == '"' && field.Length == 0 && !closed)
            {
                quoted = true;
            }
            else if (closed)
            {
                throw new TenonException($"Data file {path}, line {lines.Line}, column {i + 1}",
                    "a separator or the line's end behind a closing quote", $"'{c}'",
                    "a quote inside a quoted field is written twice", usage: true);
            }
            else
            {
                field.Append(c);
            }
        }

        fields.Add(field.ToString());
        return fields;
    }
}
