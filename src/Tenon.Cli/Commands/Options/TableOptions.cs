using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.Cli.Commands.Lines;
using Tenon.Evaluation.Reports;

namespace Tenon.Cli.Commands.Options;

/// <summary>The forms in which a verb gives its tables: text, one JSON line, CSV, LaTeX, Markdown.</summary>
internal sealed class TableOptions
{
    private readonly Option<bool> _json = new("--json") { Description = "one JSON line instead of tables" };
    private readonly Option<bool> _csv = new("--csv") { Description = "tables as CSV, numbers in full" };
    private readonly Option<bool> _latex = new("--latex") { Description = "tables as LaTeX (booktabs)" };
    private readonly Option<bool> _markdown = new("--markdown") { Description = "tables as Markdown" };

    /// <summary>Adds the options to a verb.</summary>
    public TableOptions(Command verb)
    {
        foreach (var option in new[] { _json, _csv, _latex, _markdown }) verb.Options.Add(option);
        verb.Validators.Add(result =>
        {
            if (new[] { _json, _csv, _latex, _markdown }.Count(option => result.GetValue(option)) > 1)
                result.AddError("--json, --csv, --latex, --markdown: one of them at a time");
        });
    }

    /// <summary>True where a program reads the answer.</summary>
    public bool Json(ParseResult call) => call.GetValue(_json);

    /// <summary>True where a person reads the answer.</summary>
    public bool Plain(ParseResult call) => !new[] { _json, _csv, _latex, _markdown }.Any(call.GetValue);

    /// <summary>Writes an answer: its JSON, or its tables in the form asked for; sentences stand beside tables for people only.</summary>
    public void Write(ParseResult call, Terminal terminal, Func<JsonObject> json, IEnumerable<ResultTable?> tables,
        IEnumerable<string> sentences)
    {
        if (call.GetValue(_json))
        {
            JsonLines.Write(terminal, json());
            return;
        }

        var plain = Plain(call);
        foreach (var table in tables.OfType<ResultTable>())
        {
            if (plain) terminal.Out.WriteLine(table.Title);
            terminal.Out.WriteLine(Rendered(call, table));
        }

        if (!plain) return;
        foreach (var sentence in sentences) terminal.Out.WriteLine(sentence);
    }

    private string Rendered(ParseResult call, ResultTable table)
    {
        if (call.GetValue(_csv)) return table.Csv();
        if (call.GetValue(_latex)) return table.Latex();
        return call.GetValue(_markdown) ? table.Markdown() : table.Text();
    }
}
