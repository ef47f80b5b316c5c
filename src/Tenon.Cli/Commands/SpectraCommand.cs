using System.CommandLine;
using Tenon.Cli.Commands.Lines;
using Tenon.Cli.Commands.Options;
using Tenon.Evaluation.Reports;
using Tenon.Evaluation.Spectra;

namespace Tenon.Cli.Commands;

/// <summary><c>tenon spectra</c>: where in the weights' spectrum an update lives, by matrix, by layer and over checkpoints.</summary>
internal sealed class SpectraCommand : Verb
{
    // More than these are a table for a program (--csv), not for a terminal.
    private const int FewMatrices = 12;
    private readonly Argument<string> _model;
    private readonly UpdateOptions _update;
    private readonly Option<int> _angles;
    private readonly Option<bool> _exact;
    private readonly Option<bool> _randomized;
    private readonly Option<int?> _top;
    private readonly Option<bool> _values;
    private readonly Option<string[]> _modules;
    private readonly Option<string?> _cache;
    private readonly Option<string?> _report;
    private readonly PlotOption _plots;
    private readonly TableOptions _tables;
    private readonly ComputeOptions _compute;

    public SpectraCommand()
        : base(
            "spectra",
            "Where in the weights' spectrum an update lives: energy over the base's directions, ranks, shift, angles; names collapse.",
            "tenon spectra MODEL --adapter DIR", "tenon spectra tiny --run runs/first --json",
            "tenon spectra MODEL --after TRAINED --report spectra.html",
            "tenon spectra MODEL --adapter DIR --modules q_proj --cache svd")
    {
        _model = Add(new Argument<string>("MODEL")
        {
            Description = "the base: a Hugging Face folder, a .gguf file, or tiny; with --after or --update also a .safetensors file",
        });
        _update = new UpdateOptions(this);
        _angles = Add(new Option<int>("--angles")
        {
            Description = "compare so many first directions of W and W' by their angles; 0 leaves them out", DefaultValueFactory = _ => 8,
            HelpName = "K",
        });
        var usual = new SpectraSettings();
        _exact = Add(new Option<bool>("--exact")
        {
            Description = "whole decompositions of W, however large, and of W' for the angles, instead of iteration",
        });
        _randomized = Add(new Option<bool>("--randomized")
        {
            Description = $"only the first directions of W and W', by randomized iteration with stated errors; the rule for sides above "
                + $"{usual.ExactUpTo}",
        });
        _top = Add(new Option<int?>("--top")
        {
            Description = $"how many directions that are; {SpectraSettings.LeastTop} or a tenth of all by default", HelpName = "K",
        });
        _values = Add(new Option<bool>("--values")
        {
            Description = "singular values of W, W' and dW, and measures by single directions, in every line of --json",
        });
        _modules = Add(new Option<string[]>("--modules")
        {
            Description = "only weights whose path holds this: q_proj, layers.3.", HelpName = "WORD",
        });
        _cache = Add(new Option<string?>("--cache")
        {
            Description = "keep W's decompositions in this folder, for the next call", HelpName = "DIR",
        });
        _report = Add(new Option<string?>("--report") { Description = "write all of it as one HTML file too", HelpName = "FILE" });
        _plots = new PlotOption(this);
        _tables = new TableOptions(this);
        _compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        _compute.Apply(call);
        if (call.GetValue(_angles) < 0) throw new TenonException("--angles", "0 or more", $"{call.GetValue(_angles)}", usage: true);
        if (call.GetValue(_top) < 1) throw new TenonException("--top", "1 or more", $"{call.GetValue(_top)}", usage: true);
        if (call.GetValue(_exact) && call.GetValue(_randomized))
            throw new TenonException("tenon spectra", "--exact or --randomized", "both", usage: true);
        var settings = new SpectraSettings
        {
            Angles = call.GetValue(_angles), Values = call.GetValue(_values), Top = call.GetValue(_top), Seed = _compute.Seed(call),
            Decomposition = call.GetValue(_exact) ? Decomposition.Exact
                : call.GetValue(_randomized) ? Decomposition.Randomized : Decomposition.Auto,
            Modules = [.. call.GetValue(_modules)?.SelectMany(m => m.Split(',')) ?? []],
        };
        using var updates = _update.Open(call, call.GetValue(_model)!, settings, terminal);
        if (updates.Subjects.Count == 0)
        {
            throw new TenonException("tenon spectra", $"an update of weights of {call.GetValue(_model)}",
                settings.Modules.Count > 0 ? $"none named {string.Join(", ", settings.Modules)}"
                : "none: biases and token rows alone have no spectrum", usage: true);
        }

        Show(call, terminal, updates, settings);
        return 0;
    }

    private void Show(ParseResult call, Terminal terminal, OpenedUpdates updates, SpectraSettings settings)
    {
        var count = updates.Subjects.Count;
        var cache = new SvdCache(call.GetValue(_cache));
        var spectra = new List<ModuleSpectrum>();
        foreach (var spectrum in SpectrumSubject.Spectra(updates.Subjects, settings, cache))
        {
            terminal.Interrupt.Token.ThrowIfCancellationRequested();
            spectra.Add(spectrum);
            if (_tables.Json(call)) JsonLines.Write(terminal, spectrum.ToJson());
            if (terminal.IsLive) terminal.Error.Write($"\r{spectra.Select(s => s.Module).Distinct().Count()} of {count} weights ");
        }

        if (terminal.IsLive) terminal.Error.WriteLine();
        if (cache.Found > 0) terminal.Error.WriteLine($"{cache.Found} decompositions were in {call.GetValue(_cache)}");
        if (cache.Written > 0)
            terminal.Error.WriteLine(
                $"kept {Display.Figures.Count(cache.Written / 1_000_000)} MB of decompositions in {call.GetValue(_cache)}");
        var collapse = SpectrumCollapse.Of(spectra, updates.IsRun, updates.Lost);
        if (call.GetValue(_report) is { } report)
            terminal.Error.WriteLine(SpectrumReport.Write($"spectra of {updates.Name}", spectra, collapse, report));
        _plots.Write(call, terminal, () => SpectrumReport.Charts(spectra));
        _tables.Write(
            call, terminal, () => SpectrumSummary.ToJson(spectra, collapse),
            [.. SpectrumSummary.Tables(spectra), _tables.Plain(call) && count > FewMatrices ? null : SpectrumSummary.Matrices(spectra)],
            SpectrumSummary.Sentences(spectra, collapse));
    }
}
