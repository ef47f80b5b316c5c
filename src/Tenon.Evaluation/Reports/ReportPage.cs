using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Tenon.Evaluation.Reports;

/// <summary>
/// A report as one HTML file that needs no network: its style, its script and the plot library (uPlot, MIT) stand inside, and so do all of
/// its numbers as
/// JSON, from which the script draws and which a button saves. Parts are added in reading order.
/// </summary>
internal sealed class ReportPage(string title, string subtitle)
{
    private readonly StringBuilder _body = new();
    private readonly JsonArray _charts = [];
    private readonly JsonArray _tables = [];

    /// <summary>More numbers for the JSON.</summary>
    public JsonObject Data { get; } = [];

    /// <summary>A heading.</summary>
    public void Heading(string text) => _body.Append(CultureInfo.InvariantCulture, $"<h2>{E(text)}</h2>\n");

    /// <summary>HTML as it is.</summary>
    public void Html(string html) => _body.Append(html);

    /// <summary>Sentences as a list.</summary>
    public void Sentences(IEnumerable<string> sentences)
    {
        string[] all = [.. sentences];
        if (all.Length > 0) _body.Append("<ul class=\"sentences\">").Append(string.Concat(all.Select(s => $"<li>{E(s)}</li>")))
            .Append("</ul>\n");
    }

    /// <summary>Figures side by side: a label, a value, a note.</summary>
    public void Cards(IEnumerable<(string Label, string Value, string Note)> cards)
    {
        _body.Append("<section class=\"cards\">");
        foreach (var (label, value, note) in cards)
            _body.Append(CultureInfo.InvariantCulture, $"<div><span>{E(label)}</span><b>{E(value)}</b><small>{E(note)}</small></div>");
        _body.Append("</section>\n");
    }

    /// <summary>Charts in a grid; those without a number are left out.</summary>
    public void Charts(IEnumerable<ReportChart> charts)
    {
        var shown = charts.Where(c => c.HasNumbers).ToList();
        foreach (var group in shown.GroupBy(c => c.Main).OrderByDescending(g => g.Key))
        {
            _body.Append(group.Key ? "<div class=\"mains\">\n" : "<div class=\"charts\">\n");
            foreach (var chart in group)
            {
                var id = chart.Id is null ? "" : $" id=\"{E(chart.Id)}\"";
                var sentence = chart.Sentence is null ? "" : $" <small>{E(chart.Sentence)}</small>";
                var kind = chart.Main ? " class=\"main\"" : "";
                _body.Append(CultureInfo.InvariantCulture,
                    $"<figure{id}{kind} data-chart=\"{_charts.Count}\"><figcaption>{E(chart.Title)}{sentence}</figcaption><div "
                    + $"class=\"plot\"></div></figure>\n");
                _charts.Add(chart.ToJson());
            }

            _body.Append("</div>\n");
        }
    }

    /// <summary>A table that sorts and copies.</summary>
    public void Table(ResultTable table)
    {
        _body.Append(CultureInfo.InvariantCulture,
            $"<h3>{E(table.Title)}</h3>\n<div class=\"scroll\"><table class=\"data\" data-name=\"{E(table.Title)}\"><thead><tr>");
        foreach (var column in table.Columns) _body.Append(CultureInfo.InvariantCulture, $"<th>{E(column.Trim())}</th>");
        _body.Append("</tr></thead><tbody>\n");
        foreach (var row in table.Rows)
        {
            _body.Append("<tr>");
            foreach (var cell in row)
            {
                var value = cell.Value is { } x ? string.Create(CultureInfo.InvariantCulture, $" data-v=\"{x:R}\"") : "";
                _body.Append(CultureInfo.InvariantCulture, $"<td{value}>{(cell.Value is null ? Breakable(cell.Text) : E(cell.Text))}</td>");
            }

            _body.Append("</tr>\n");
        }

        _body.Append("</tbody></table></div>\n");
        _tables.Add(new JsonObject
        {
            ["title"] = table.Title,
            ["columns"] = new JsonArray([.. table.Columns.Select(c => (JsonNode?)JsonValue.Create(c.Trim()))]),
            ["rows"] =
            new JsonArray(
            [.. table.Rows.Select(r =>
            new JsonArray([.. r.Select(c => (JsonNode?)(c.Value is { } x ? JsonValue.Create(x) : JsonValue.Create(c.Text)))]))]),
        });
    }

    /// <summary>Writes the page; returns its path.</summary>
    public string Write(string path)
    {
        AtomicFile.WriteText(path, Render());
        return Path.GetFullPath(path);
    }

    /// <summary>The page.</summary>
    public string Render()
    {
        var data = new JsonObject { ["title"] = title, ["subtitle"] = subtitle };
        foreach (var (key, value) in Data) data[key] = value?.DeepClone();
        data["tables"] = _tables.DeepClone();
        data["charts"] = _charts.DeepClone();
        var smoothing = _charts.Count == 0 ? ""
            : "<label>smoothing <input id=\"smoothing\" type=\"range\" min=\"1\" max=\"20\" value=\"1\"></label><span>drag to zoom, "
            + "double click to go back</span>";
        return $"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{E(title)} - Tenon</title>
            <style>
            {Asset("uPlot.min.css")}
            {Asset("report.css")}</style></head>
            <body>
            <header><h1>{E(title)}</h1><p>{E(subtitle)}</p></header>
            <div class="tools">{smoothing}<button id="download">save all numbers (JSON)</button></div>
            <noscript><p class="empty">The charts are drawn by a script in this file; tables and texts stand without it.</p></noscript>
            {_body}
            <!-- uPlot:
            {Asset("uPlot.LICENSE")}-->
            <script type="application/json" id="report-data">{data.ToJsonString()}</script>
            <script>
            {Asset("uPlot.iife.min.js")}
            {Asset("report.js")}</script>
            </body></html>

            """;
    }

    private const int LongPath = 20;

    // Paths of weights and folders break behind their dots and slashes, not within a word.
    private static string Breakable(string text) => text.Length < LongPath || text.Contains(' ', StringComparison.Ordinal) ? E(text)
        : E(text).Replace(".", ".<wbr>", StringComparison.Ordinal).Replace("/", "/<wbr>", StringComparison.Ordinal);

    internal static string E(string text) => WebUtility.HtmlEncode(text);

    private static string Asset(string name)
    {
        using var stream = typeof(ReportPage).Assembly.GetManifestResourceStream("Tenon.Evaluation.Reports." + name)
            ?? throw new InvalidOperationException($"no resource {name}");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
