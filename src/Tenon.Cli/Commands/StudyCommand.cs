using System.CommandLine;
using Tenon.Cli.Commands.Options;
using Tenon.Cli.Display;
using Tenon.Cluster;
using Tenon.Cluster.Trials;
using Tenon.Studies;

namespace Tenon.Cli.Commands;

/// <summary>
/// <c>tenon study</c>: many runs from one recipe and some axes, tuned fairly, on one machine or several, ending in a report.
/// </summary>
internal sealed class StudyCommand : Verb
{
    private readonly Argument<string?> _recipe;
    private readonly Option<string?> _output;
    private readonly Option<string?> _resume;
    private readonly Option<string?> _join;
    private readonly Option<int?> _jobs;
    private readonly Option<int?> _threads;
    private readonly Option<double> _patience;
    private readonly Option<bool> _dryRun;
    private readonly Option<bool> _json;
    private readonly Option<string[]> _export;
    private readonly Option<int> _workers;
    private readonly Option<int> _memory;
    private readonly Option<string> _image;
    private readonly PlotOption _plots;
    private readonly ClusterOption _cluster;

    public StudyCommand()
        : base("study",
            "compares methods, rates, ranks or any keys of a recipe: every cell a run, values tuned on seeds of their own, a report",
            "tenon study studies/perl-tiny.yaml --dry-run",
            "tenon study studies/perl-tiny.yaml --output runs/perl-tiny --jobs 2",
            "tenon study --resume runs/perl-tiny",
            "tenon study --join /shared/perl-tiny",
            "tenon study --resume runs/perl-tiny --export slurm workers.sh")
    {
        _recipe = Add(new Argument<string?>("RECIPE")
        {
            Description = "a study's recipe (docs/studies.md)", Arity = ArgumentArity.ZeroOrOne,
        });
        _output = Add(Text("--output",
            "the study's folder; runs/<recipe> by default. One that stands there is taken up: only what is new is run"));
        _resume = Add(Text("--resume", "goes on with the study in this folder"));
        _join = Add(Text("--join", "takes part in the study in this folder, beside other processes; waits for what they have taken"));
        _jobs = Add(new Option<int?>("--jobs") { Description = "runs at once over one base in memory; by default one a core" });
        _threads = Add(new Option<int?>("--threads")
        {
            Description = "cores for all runs together; all by default (results do not depend on it)",
        });
        _patience = Add(new Option<double>("--patience")
        {
            Description = "seconds without a sign of life after which another process's cells are taken over",
            DefaultValueFactory = _ => 45,
        });
        _dryRun = Add(new Option<bool>("--dry-run")
        {
            Description = "prints cells, time, memory, disk and what could be shown, and stops",
        });
        _json = Add(new Option<bool>("--json") { Description = "prints study.json as one line at the end" });
        _export = Add(new Option<string[]>("--export")
        {
            Description = "slurm or k8s (workers that join) or k8s-cluster (a live cluster), and a file: writes what starts them, and stops",
            HelpName = "FORM FILE",
            Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true,
        });
        _workers = Add(Number("--workers", "with --export: processes", 4));
        _memory = Add(Number("--memory", "with --export: gigabytes of each process", 8));
        _image = Add(new Option<string>("--image")
        {
            Description = "with --export of k8s: the container that holds tenon", DefaultValueFactory = _ => "tenon:latest",
        });
        _plots = new PlotOption(this);
        _cluster = new ClusterOption(this, "hands the cells to a cluster's workers");
    }

    private static Option<string?> Text(string name, string description) => new(name) { Description = description };

    private static Option<int> Number(string name, string description, int standard) =>
        new(name) { Description = description, DefaultValueFactory = _ => standard };

    protected override int Run(ParseResult call, Terminal terminal)
    {
        var cores = call.GetValue(_threads) ?? Environment.ProcessorCount;
        if (cores is < 1 or > 1024) throw new TenonException("--threads", "1 to 1024", $"{cores}", usage: true);
        var jobs = call.GetValue(_jobs) ?? cores;
        if (jobs is < 1 or > 1024) throw new TenonException("--jobs", "1 to 1024", $"{jobs}", usage: true);
        if (call.GetValue(_dryRun) && call.GetValue(_recipe) is { } asked) return DryRun(asked, jobs, terminal);
        var patience = call.GetValue(_patience);
        if (patience is not (>= 1 and <= 86400)) throw new TenonException("--patience", "1 to 86400 seconds", $"{patience}", usage: true);
        var study = Open(call);
        if (call.GetValue(_export) is { Length: 2 } export) return Export(call, study, export[0], export[1], terminal);
        if (call.GetValue(_dryRun)) return Print(study, jobs, terminal);
        foreach (var (cell, _) in study.Results.Cells.Where(c => c.Cell.Refusal is not null && c.Cell.Role == StudyRole.Report)
            .DistinctBy(c => c.Cell.Row.Label))
            terminal.Error.WriteLine($"note: {cell.Row.Label} cannot be run: {cell.Refusal!.ReplaceLineEndings(" ")}");
        var whole = Work(study, jobs, terminal, hear => _cluster.IsGiven(call)
            ? OnCluster(call, study, TimeSpan.FromSeconds(patience), hear, terminal)
            : study.Run(jobs, cores, hear, terminal.Interrupt.Token, TimeSpan.FromSeconds(patience)))
            && Spectra(study, cores, terminal);
        if (!whole && terminal.Interrupt.Token.IsCancellationRequested)
        {
            terminal.Error.WriteLine($"stopped; go on with: tenon study --resume {ShellWord.Path(study.Folder)}");
            return Interrupt.ExitCode;
        }

        return End(call, study, terminal);
    }

    private Study Open(ParseResult call)
    {
        if ((call.GetValue(_resume) ?? call.GetValue(_join)) is { } folder)
        {
            if (call.GetValue(_recipe) is not null || call.GetValue(_output) is not null)
                throw new TenonException("tenon study --resume or --join", "the study's folder alone", "a recipe or --output beside it",
                    "with a changed recipe: tenon study RECIPE --output DIR", usage: true);
            return Study.Open(folder);
        }

        var recipe = call.GetValue(_recipe)
            ?? throw new TenonException("tenon study", "a RECIPE, --resume DIR or --join DIR", "none of them", usage: true);
        return Study.Create(recipe, call.GetValue(_output) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(recipe)));
    }

    // Nothing is to be left behind: the plan is made in a folder that goes again.
    private static int DryRun(string recipe, int jobs, Terminal terminal)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"tenon-study-{Guid.NewGuid():N}");
        try
        {
            return Print(Study.Create(recipe, folder), jobs, terminal);
        }
        finally
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    private static int Print(Study study, int jobs, Terminal terminal)
    {
        foreach (var line in study.Forecast(jobs)) terminal.Out.WriteLine(line);
        return 0;
    }

    private int Export(ParseResult call, Study study, string form, string file, Terminal terminal)
    {
        if (!StudyExport.Forms.Contains(form))
            throw new TenonException("--export", string.Join(" or ", StudyExport.Forms) + ", and a file", form, usage: true);
        var threads = call.GetValue(_threads) ?? 2;
        AtomicFile.WriteText(file,
            StudyExport.Text(form, study.Folder, call.GetValue(_workers), threads, call.GetValue(_memory), call.GetValue(_image)!));
        terminal.Error.WriteLine(
            $"{file}: {(form == "slurm" ? $"sbatch {ShellWord.Path(file)}" : $"kubectl apply -f {ShellWord.Path(file)}")}");
        return 0;
    }

    private bool OnCluster(ParseResult call, Study study, TimeSpan patience, Action<StudyEvent> hear, Terminal terminal)
    {
        using var cluster = ClusterClient.Connect(_cluster.Settings(call));
        terminal.Error.WriteLine($"note: workers: {string.Join(", ", cluster.WorkerNames)}");
        using var work = new ClusterStudy(study, cluster, patience, hear, text => terminal.Error.WriteLine($"note: {text}"));
        return work.Run(terminal.Interrupt.Token);
    }

    private static bool Work(Study study, int jobs, Terminal terminal, Func<Action<StudyEvent>, bool> work)
    {
        using var display = StudyDisplay.For(study, jobs, terminal);
        terminal.Interrupt.Message = "each run finishes its step and writes a checkpoint (once more: stop now)";
        terminal.Interrupt.BeforeExit = () =>
        {
            display.Dispose();
            terminal.Error.WriteLine($"stopped at once; go on with: tenon study --resume {ShellWord.Path(study.Folder)}");
        };
        try
        {
            return work(display.Hear);
        }
        finally
        {
            terminal.Interrupt.BeforeExit = null;
        }
    }

    private static bool Spectra(Study study, int cores, Terminal terminal)
    {
        var moved = false;
        terminal.Interrupt.Message = "the update at hand is looked at to its end (once more: stop now)";
        var whole = StudySpectra.Take(study, cores, (done, all) =>
        {
            if (terminal.IsLive) terminal.Error.Write($"\rspectra of {done} of {all} final updates ");
            else if (!moved) terminal.Error.WriteLine($"spectra of {all} final updates");
            moved = true;
        }, terminal.Note, terminal.Interrupt.Token);
        if (moved && terminal.IsLive) terminal.Error.WriteLine();
        return whole;
    }

    private int End(ParseResult call, Study study, Terminal terminal)
    {
        var page = StudyReport.Write(study);
        if (call.GetValue(_json))
        {
            terminal.Out.WriteLine(study.Results.ToJson().ToJsonString());
        }
        else
        {
            foreach (var sentence in StudyReport.Summary(study)) terminal.Out.WriteLine(sentence);
            var comparisons = study.Results.Comparisons();
            foreach (var (_, table) in StudyTables.All(study.Results, comparisons))
            {
                terminal.Out.WriteLine();
                terminal.Out.WriteLine(table.Title);
                terminal.Out.Write(table.Text());
            }
        }

        _plots.Write(call, terminal, () => StudyReport.Charts(study));
        terminal.Error.WriteLine($"report: {page}");
        return 0;
    }
}
