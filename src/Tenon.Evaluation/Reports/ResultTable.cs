using System.Globalization;
using System.Text;

namespace Tenon.Evaluation.Reports;

/// <summary>A cell: what a person reads and, where it is a number, the number itself.</summary>
public readonly record struct ResultCell(string Text, double? Value = null)
{
    /// <summary>A text.</summary>
    public static implicit operator ResultCell(string text) => new(text);

    /// <summary>A share as a percentage with one decimal.</summary>
    public static ResultCell Percent(double? share) => Number(share, x => (100 * x).ToString("0.0", CultureInfo.InvariantCulture) + " %");

    /// <summary>A difference of shares in points, with its sign.</summary>
    public static ResultCell Points(double? change) =>
        Number(change, x => (100 * x).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture));

    /// <summary>A p-value.</summary>
    public static ResultCell P(double? p) => Number(p, x => x < 0.0001 ? "<0.0001" : x.ToString("0.0000", CultureInfo.InvariantCulture));

    /// <summary>A count, thousands set apart.</summary>
    public static ResultCell Count(double? count) => Number(count, x => x.ToString("#,0", CultureInfo.InvariantCulture));

    /// <summary>A number with three significant digits.</summary>
    public static ResultCell Three(double? value) => Number(value, x => Math.Abs(x) switch
    {
        0 => "0",
        >= 100 and < 1e6 => x.ToString("#,0", CultureInfo.InvariantCulture),
        >= 0.001 and < 100 => x.ToString(Math.Abs(x) >= 10 ? "0.0" : Math.Abs(x) >= 1 ? "0.00" : "0.0000", CultureInfo.InvariantCulture),
        _ => x.ToString("0.00e0", CultureInfo.InvariantCulture),
    });

    private static ResultCell Number(double? value, Func<double, string> text) =>
        value is { } x && double.IsFinite(x) ? new(text(x), x) : new("-");
}

/// <summary>
/// A table of results that prints itself for a terminal and as CSV, LaTeX and Markdown; the first column is text, the others are flush
/// right.
/// </summary>
public sealed class ResultTable(string title, params string[] columns)
{
    private readonly List<ResultCell[]> _rows = [];

    /// <summary>The heading.</summary>
    public string Title => title;

    /// <summary>The columns' names.</summary>
    public IReadOnlyList<string> Columns => columns;

    /// <summary>The rows, each as long as there are columns.</summary>
    public IReadOnlyList<IReadOnlyList<ResultCell>> Rows => _rows;

    /// <summary>Adds a row.</summary>
    public void Add(params ResultCell[] row)
    {
        if (row.Length != columns.Length) throw new ArgumentException($"{row.Length} cells for {columns.Length} columns", nameof(row));
        _rows.Add(row);
    }

    /// <summary>Leaves out columns in which no row says anything.</summary>
    public ResultTable WithoutEmptyColumns()
    {
        int[] kept = [.. Enumerable.Range(0, columns.Length).Where(c => c == 0 || _rows.Any(r => r[c].Text is not ("-" or "")))];
        var result = new ResultTable(title, [.. kept.Select(c => columns[c])]);
        foreach (var row in _rows) result.Add([.. kept.Select(c => row[c])]);
        return result;
    }

    /// <summary>Columns of equal width for a terminal.</summary>
    public string Text()
    {
        int[] widths = [.. columns.Select((name, c) => Math.Max(name.Length, _rows.Select(r => r[c].Text.Length).DefaultIfEmpty(0).Max()))];
        var text = new StringBuilder();
        Line(columns);
        foreach (var row in _rows) Line([.. row.Select(c => c.Text)]);
        return text.ToString();

        void Line(string[] cells) =>
            text.Append(string.Join("  ", cells.Select((cell, c) => c == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[c]))).TrimEnd())
            .Append('\n');
    }

    /// <summary>Comma-separated, numbers in full.</summary>
    public string Csv()
    {
        var lines = new List<string> { string.Join(',', columns.Select(Quoted)) };
        lines.AddRange(_rows.Select(r => string.Join(',', r.Select(Plain))));
        return string.Join('\n', lines) + "\n";

        static string Plain(ResultCell c) => c.Value?.ToString("R", CultureInfo.InvariantCulture) ?? Quoted(c.Text == "-" ? "" : c.Text);
    }

    /// <summary>A GitHub table.</summary>
    public string Markdown()
    {
        static string Row(IEnumerable<string> cells) =>
            $"| {string.Join(" | ", cells.Select(c => c.Replace("|", "\\|", StringComparison.Ordinal)))} |";
        string[] lines =
            [Row(columns), Row(columns.Select((_, c) => c == 0 ? "---" : "---:")), .. _rows.Select(r => Row(r.Select(c => c.Text)))];
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>A tabular of the booktabs package.</summary>
    public string Latex()
    {
        static string Row(IEnumerable<string> cells) => string.Join(" & ", cells.Select(Escaped)) + @" \\";
        string[] lines =
        [
            $@"\begin{{tabular}}{{l{new string('r', columns.Length - 1)}}}", @"\toprule", Row(columns), @"\midrule",
                .. _rows.Select(r => Row(r.Select(c => c.Text))),
            @"\bottomrule", @"\end{tabular}",
        ];
        return string.Join('\n', lines) + "\n";
    }

    private static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(",\"\n\r") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Escaped(string text)
    {
        var result = new StringBuilder();
        foreach (var c in text)
        {
            result.Append(c switch
            {
                '\\' => @"\textbackslash{}",
                '~' => @"\textasciitilde{}",
                '^' => @"\textasciicircum{}",
                '&' or '%' or '$' or '#' or '_' or '{' or '}' => $@"\{c}",
                _ => c.ToString(),
            });
        }

        return result.ToString();
    }
}
