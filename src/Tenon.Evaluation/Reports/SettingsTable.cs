using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Tenon.Evaluation.Reports;

/// <summary>A run's settings: those that differ from the defaults, the others folded, and where it ran.</summary>
internal static class SettingsTable
{
    /// <summary>Adds them to a page; without <paramref name="defaults"/> every setting counts as chosen.</summary>
    public static void Add(ReportPage page, JsonObject run, JsonNode? defaults)
    {
        page.Heading("Settings");
        var usual = Flat(defaults).ToDictionary(p => p.Key, p => p.Value);
        var all = Flat(run["recipe"]);
        var chosen = all.Where(p => !usual.TryGetValue(p.Key, out var value) || value != p.Value).ToList();
        page.Html(Table(chosen));
        if (chosen.Count < all.Count)
            page.Html(
                $"<details><summary>{all.Count - chosen.Count} more settings at their "
                + $"defaults</summary>\n{Table(all.Except(chosen))}</details>\n");
        page.Html(
            $"<details><summary>where it ran, "
            + $"fingerprints</summary>\n{Table(Flat(new JsonObject(run.Where(p => p.Key != "recipe").Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())))))}</details>\n");
    }

    /// <summary>Adds any settings under a title that opens and closes.</summary>
    public static void Add(ReportPage page, string title, JsonObject settings, bool isOpen) => page.Html(
        $"<details{(isOpen ? " open" : "")}><summary>{ReportPage.E(title)}</summary>\n{Table(Flat(settings))}</details>\n");

    /// <summary>Settings by their dotted keys.</summary>
    internal static List<KeyValuePair<string, string>> Flat(JsonNode? node)
    {
        var result = new List<KeyValuePair<string, string>>();
        Walk(node, "");
        return result;

        void Walk(JsonNode? value, string path)
        {
            if (value is JsonObject { Count: > 0 } map)
            {
                foreach (var (key, inner) in map) Walk(inner, path.Length == 0 ? key : $"{path}.{key}");
            }
            else if (path.Length > 0)
            {
                result.Add(new(path, RunReport.Text(value) ?? "null"));
            }
        }
    }

    private static string Table(IEnumerable<KeyValuePair<string, string>> rows)
    {
        var html = new StringBuilder("<table class=\"settings\">\n");
        foreach (var (key, value) in rows)
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{ReportPage.E(key)}</td><td>{ReportPage.E(value)}</td></tr>\n");
        return html.Append("</table>\n").ToString();
    }
}
