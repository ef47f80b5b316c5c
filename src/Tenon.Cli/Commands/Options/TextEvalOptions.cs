using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Cli.Commands.Lines;
using Tenon.Evaluation.Texts;
using Tenon.Models.Config;
using Tenon.Rollouts;

namespace Tenon.Cli.Commands.Options;

/// <summary>The options of perplexity: which texts, and how they are cut into windows.</summary>
internal sealed class TextEvalOptions
{
    private readonly Option<string[]> _texts = new("--text")
    {
        Description = "perplexity of this text: a plain file or a folder of them (a document each), or a data file (a document a row)",
        HelpName = "FILE",
    };
    private readonly Option<string?> _column = new("--text-column")
    {
        Description = $"the column of the text in a data file; {string.Join(", ", TextCorpus.Columns)} by default", HelpName = "NAME",
    };
    private readonly Option<int?> _window = new("--window")
    {
        Description = $"tokens that a text's window predicts; {TextSettings.UsualWindow} by default, or the model's context", HelpName = "N",
    };
    private readonly Option<int?> _stride = new("--stride")
    {
        Description = "tokens from one window to the next; half of the window by default, so that every token but the first ones has half a "
            + "window before it",
        HelpName = "N",
    };

    public TextEvalOptions(Command verb)
    {
        foreach (var option in new Option[] { _texts, _column, _window, _stride }) verb.Options.Add(option);
    }

    /// <summary>The texts that the call names; where it names none, those of a run's recipe.</summary>
    public IReadOnlyList<TextCorpus> Read(ParseResult call, IEnumerable<string> ofRun, Terminal terminal)
    {
        var paths = call.GetValue(_texts) is { Length: > 0 } given ? given.SelectMany(t => t.Split(',')) : ofRun;
        var texts = paths.Select(p => TextCorpus.Read(p, call.GetValue(_column))).ToList();
        if (texts.GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new TenonException("--text", "texts of different names", $"{twice.Key} twice", "rename one of the files", usage: true);
        foreach (var text in texts.Where(t => t.Empty > 0)) terminal.Error.WriteLine($"note: {text.Name}: {text.Empty} empty documents");
        return texts;
    }

    /// <summary>Windows for a model.</summary>
    public TextSettings Settings(ParseResult call, ModelConfig config) =>
        TextSettings.Of(call.GetValue(_window), call.GetValue(_stride), LanguageModel.ContextOf(config));

    /// <summary>Writes a text's figures: a sentence, or a JSON line.</summary>
    public static void Show(Terminal terminal, TextFigures figures, string folder, bool json)
    {
        if (json)
        {
            var line = (JsonObject)figures.Json.DeepClone();
            line["folder"] = folder;
            JsonLines.Write(terminal, line);
            return;
        }

        var (low, high) = figures.Interval;
        var s = figures.Json;
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{s["benchmark"]}: perplexity {figures.Perplexity:0.000} ({(double.IsNaN(low) ? "no interval of a single window"
            : string.Create(CultureInfo.InvariantCulture, $"95 % {low:0.000} to {high:0.000}"))}), "
            + $"{figures.PerByte.Value / ExactMath.Log(2):0.0000} bits a byte, {s["documents"]} documents, {s["tokens"]} tokens, "
            + $"window {s["window"]}, stride {s["stride"]}"));
        terminal.Error.WriteLine($"results in {folder}");
    }
}
