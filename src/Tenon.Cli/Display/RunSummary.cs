using System.Globalization;
using Spectre.Console;
using Tenon.Adapters;
using Tenon.Training;
using Label = Spectre.Console.Text;

namespace Tenon.Cli.Display;

/// <summary>What stands under a run at its end: before and after, where the adapter is, and what one would do next.</summary>
internal static class RunSummary
{
    /// <summary>Writes it; commands are named only where this program has the verb.</summary>
    public static void Write(IAnsiConsole console, RunStarted? run, RunEnded end, IReadOnlyList<EvaluationDone> evaluations,
        IReadOnlyList<TextDone>? texts = null)
    {
        console.WriteLine();
        var time = Figures.Time(TimeSpan.FromSeconds(end.Seconds));
        console.WriteLine(end switch
        {
            { Stopped: true } => $"stopped after step {end.Step} of {end.Steps}, {time}",
            { Early: { } reason } => $"done: ended early, after step {end.Step} of {end.Steps}, in {time}: {reason}",
            _ => $"done: {end.Step} steps in {time}",
        });
        var pairs = evaluations.GroupBy(e => e.Benchmark).Select(group => (Before: group.First(), After: group.Last())).ToList();
        var read = (texts ?? []).GroupBy(t => t.Text).Select(group => (Before: group.First(), After: group.Last())).ToList();
        if (pairs.Count + read.Count > 0) console.Write(BeforeAndAfter(pairs, read));
        if (run is null) return;
        foreach (var (what, command) in Next(run, end))
            // Past the console's own wrapping: a command that is broken into lines cannot be pasted.
            console.Profile.Out.Writer.WriteLine($"{what,-10}{command}");
    }

    /// <summary>Lines of a name and what stands for it.</summary>
    public static IEnumerable<(string What, string Text)> Next(RunStarted run, RunEnded end)
    {
        var verbs = Application.Verbs().Select(verb => verb.Name).ToHashSet(StringComparer.Ordinal);
        var model = ShellWord.Path(run.Model);
        var adapter = ShellWord.Path(end.Adapter);
        if (end.Adapter.Length > 0) yield return ("adapter", end.Adapter);
        if (end.Stopped && verbs.Contains("train")) yield return ("go on", $"tenon train --resume {ShellWord.Path(run.Folder)}");
        if (verbs.Contains("report")) yield return ("report", $"tenon report {ShellWord.Path(run.Folder)}");
        // A run that stops before its first step has no adapter yet.
        if (end.Adapter.Length == 0) yield break;
        if (verbs.Contains("eval"))
            yield return ("evaluate",
                $"tenon eval {model} --adapter {adapter} "
                + $"{(end.EvaluateArguments.Count == 0 ? "--benchmark FILE.jsonl@4" : string.Join(' ', end.EvaluateArguments.Select(ShellWord.Quote)))}");
        if (verbs.Contains("chat")) yield return ("talk", $"tenon chat {model} --adapter {adapter}");
        var isThere = File.Exists(Path.Combine(end.Adapter, PeftFolder.ConfigFile));
        if (isThere && PeftFolder.MethodOf(end.Adapter) is { } method && AdapterMethod.Of(method).IsWhole)
        {
            yield return ("elsewhere", $"tenon adapter merge {adapter} --model {model} --output FOLDER writes a Hugging Face model");
            yield break;
        }

        yield return ("in Python", $"PeftModel.from_pretrained(model, {PythonText(end.Adapter)})");
        if (!isThere) yield break;
        yield return ("in vLLM", PeftFolder.VllmObstacle(end.Adapter) is { } obstacle
            ? $"not as it is ({obstacle}); tenon adapter to-lora {adapter} --model {model} --output FOLDER, or merge"
            : $"vllm serve BASE --enable-lora --lora-modules {ShellWord.Quote("tenon=" + end.Adapter)}");
    }

    private static Table BeforeAndAfter(List<(EvaluationDone Before, EvaluationDone After)> pairs,
        List<(TextDone Before, TextDone After)> texts)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("", "before", "after", "change");
        void Row(string name, double before, double after, Func<double, string> show, string change) =>
            table.AddRow(new Label(name), new Label(show(before)), new Label(show(after)), new Label(change));

        foreach (var (before, after) in pairs)
        {
            Row(before.Benchmark, before.Accuracy, after.Accuracy, Figures.Percent, Change(before, after));
            if (before.Samples > 1)
                Row($"  pass@{before.Samples}", before.PassAtK, after.PassAtK, Figures.Percent,
                    Change(after.PassAtK - before.PassAtK, before.PassAtKError, after.PassAtKError));
            Row("  tokens", before.LengthMean, after.LengthMean, Figures.Number, "");
            Row("  truncated", before.Truncated, after.Truncated, Figures.Percent, "");
        }

        // Of a logarithm the error is relative. The documents are the same, so that this one is too wide rather than too narrow.
        foreach (var (before, after) in texts)
        {
            var error = Math.Sqrt(before.StandardError * before.StandardError + after.StandardError * after.StandardError);
            Row($"{before.Text} (perplexity)", before.Perplexity, after.Perplexity, Figures.Number,
                string.Create(CultureInfo.InvariantCulture, $"{100 * (after.Perplexity / before.Perplexity - 1):+0.0;-0.0;0.0} %")
                + (double.IsFinite(error) ? string.Create(CultureInfo.InvariantCulture, $" ± {100 * error:F1} (s.e.)") : ""));
        }

        return table;
    }

    // The error of two independent means: the problems are the same, so that it is rather too wide than too narrow.
    private static string Change(EvaluationDone before, EvaluationDone after) =>
        Change(after.Accuracy - before.Accuracy, before.HonestError, after.HonestError);

    private static string Change(double change, double first, double second)
    {
        var error = Math.Sqrt(first * first + second * second);
        return Points(change)
            + (double.IsFinite(error) ? string.Create(CultureInfo.InvariantCulture, $" ± {error * 100:F1} (s.e.)") : "");
    }

    private static string Points(double change) =>
        double.IsNaN(change) ? "-" : (change * 100).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture) + " points";

    private static string PythonText(string path) =>
        $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
