using System.CommandLine;
using Tenon.Adapters;
using Tenon.Cli.Commands.Lines;
using Tenon.Cli.Commands.Options;
using Tenon.Evaluation.Reports;
using Tenon.Evaluation.Spectra;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;

namespace Tenon.Cli.Commands;

/// <summary><c>tenon spectra</c>: where in the weights' spectrum an update lives, by matrix, by layer and over checkpoints.</summary>
internal sealed class SpectraCommand : Verb
{
    // More than these are a table for a program (--csv), not for a terminal.
    private const int FewMatrices = 12;
    private readonly Argument<string> _model;
    private readonly Option<string?> _adapter;
    private readonly Option<string?> _run;
    private readonly Option<int> _angles;
    private readonly Option<bool> _exact;
    private readonly Option<bool> _values;
    private readonly Option<string[]> _modules;
    private readonly Option<string?> _cache;
    private readonly Option<string?> _svg;
    private readonly Option<string?> _report;
    private readonly PlotOption _plots;
    private readonly TableOptions _tables;
    private readonly ComputeOptions _compute;

    public SpectraCommand()
        : base(
            "spectra",
            "Where in the weights' spectrum an update lives: energy over the base's directions, ranks, shift, angles; names collapse.",
            "tenon spectra MODEL --adapter DIR", "tenon spectra tiny --run runs/first --json",
            "tenon spectra MODEL --adapter DIR --modules q_proj --cache svd")
    {
        _model = Add(new Argument<string>("MODEL") { Description = "the base: a Hugging Face folder, a .gguf file, or tiny" });
        _adapter = Add(new Option<string?>("--adapter") { Description = "an adapter folder", HelpName = "DIR" });
        _run = Add(new Option<string?>("--run") { Description = "a run's folder: all of its checkpoints", HelpName = "DIR" });
        _angles = Add(new Option<int>("--angles")
        {
            Description = "compare so many first directions of W and W' by their angles; 0 leaves them out", DefaultValueFactory = _ => 8,
            HelpName = "K",
        });
        _exact = Add(new Option<bool>("--exact") { Description = "angles from a whole decomposition of W' instead of iteration" });
        _values = Add(new Option<bool>("--values") { Description = "singular values of W, W' and dW in every line of --json" });
        _modules =
            Add(new Option<string[]>("--modules")
            {
                Description = "only matrices whose path holds this: q_proj, layers.3.",
                HelpName = "WORD"
            });
        _cache =
            Add(new Option<string?>("--cache")
            {
                Description = "keep W's decompositions in this folder, for the next call",
                HelpName = "DIR"
            });
        _svg = Add(new Option<string?>("--svg") { Description = "draw the energy over the base's directions", HelpName = "FILE" });
        _report = Add(new Option<string?>("--report") { Description = "write all of it as one HTML file too", HelpName = "FILE" });
        _plots = new PlotOption(this);
        _tables = new TableOptions(this);
        _compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        _compute.Apply(call);
        if (call.GetValue(_angles) < 0) throw new TenonException("--angles", "0 or more", $"{call.GetValue(_angles)}", usage: true);
        var places = Places(call);
        var (model, _) = LanguageModel.OpenWeights(call.GetValue(_model)!, Precision.F32, 1);
        var adapters = places.Select(p => (p.Step, Adapter: AdapterOpener.Open(model, p.Folder, terminal))).ToList();
        try
        {
            Show(call, terminal, adapters);
        }
        finally
        {
            foreach (var (_, adapter) in adapters) adapter.Dispose();
        }

        return 0;
    }

    private void Show(ParseResult call, Terminal terminal, IReadOnlyList<(int? Step, AdapterSet Adapter)> adapters)
    {
        var settings = new SpectraSettings
        {
            Angles = call.GetValue(_angles), Exact = call.GetValue(_exact), Values = call.GetValue(_values),
            Modules = [.. call.GetValue(_modules)?.SelectMany(m => m.Split(',')) ?? []],
        };
        var layers = AdapterSpectra.Layers(adapters, settings).Count;
        if (layers == 0)
        {
            throw new TenonException(
                "tenon spectra", "an adapter that changes matrices",
                settings.Modules.Count > 0 ? $"none named {string.Join(", ", settings.Modules)}"
                : "none: norms alone have no spectrum", usage: true);
        }

        var cache = new SvdCache(call.GetValue(_cache));
        var spectra = new List<ModuleSpectrum>();
        foreach (var spectrum in AdapterSpectra.Of(adapters, settings, cache))
        {
            terminal.Interrupt.Token.ThrowIfCancellationRequested();
            spectra.Add(spectrum);
            if (_tables.Json(call)) JsonLines.Write(terminal, spectrum.ToJson());
            if (terminal.IsLive) terminal.Error.Write($"\r{spectra.Select(s => s.Module).Distinct().Count()} of {layers} matrices ");
        }

        if (terminal.IsLive) terminal.Error.WriteLine();
        if (cache.Written > 0)
            terminal.Error.WriteLine(
                $"kept {Display.Figures.Count(cache.Written / 1_000_000)} MB of decompositions in {call.GetValue(_cache)}");
        if (call.GetValue(_svg) is { } svg) terminal.Error.WriteLine(SpectrumChart.Write(spectra, svg));
        if (call.GetValue(_report) is { } report)
            terminal.Error.WriteLine(SpectrumReport.Write($"spectra of {call.GetValue(_run) ?? call.GetValue(_adapter)}", spectra, report));
        _plots.Write(call, terminal, () => SpectrumReport.Charts(spectra));
        var collapse = SpectrumSummary.Collapse(spectra);
        _tables.Write(
            call, terminal, () => SpectrumSummary.ToJson(spectra),
            [.. SpectrumSummary.Tables(spectra), _tables.Plain(call) && layers > FewMatrices ? null : SpectrumSummary.Matrices(spectra)],
            [collapse is null ? "No sign of collapse." : $"Collapse: {collapse}."]);
    }

    private List<(int? Step, string Folder)> Places(ParseResult call)
    {
        if (call.GetValue(_adapter) is { } adapter && call.GetValue(_run) is null) return [(null, adapter)];
        if (call.GetValue(_run) is not { } run || call.GetValue(_adapter) is not null)
            throw new TenonException("tenon spectra", "--adapter DIR or --run DIR", call.GetValue(_run) is null ? "neither"
                : "both", usage: true);
        using var folder = RunFolder.Read(run);
        var steps = folder.CheckpointSteps();
        if (steps.Count == 0) throw new TenonException($"run {run}", "a checkpoint", "none yet", usage: true);
        return [.. steps.Select(s => ((int?)s, folder.CheckpointFolder(s)))];
    }
}
