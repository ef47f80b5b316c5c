using Tenon.Cli.Display;
using Tenon.Evaluation.Reports;
using Tenon.Recipes;
using Tenon.Rollouts;
using Tenon.Training;

namespace Tenon.Cli.Commands;

/// <summary>One process's work on a run: shows it, lets an interrupt or a full disk end it, says what became of it.</summary>
internal static class RunSession
{
    /// <summary>Trains to the end or to an interrupt, then writes the report; 0, 130, or 1 where the disk is full.</summary>
    /// <param name="run">The run.</param>
    /// <param name="terminal">Where it is shown.</param>
    /// <param name="also">Hears what happens, too.</param>
    /// <param name="sampling">Makes what samples the rollouts; null for an engine of this process.</param>
    public static int Train(TrainingRun run, Terminal terminal, Action<TrainingEvent>? also = null,
        Func<TrainingSetup, Action<string>, IGroupSampler>? sampling = null)
    {
        // Whatever ends the run: the terminal gets its cursor back before a fault is printed.
        using var display = RunDisplay.For(terminal);
        terminal.Interrupt.Announce = text => display.Show(new Remark(text));
        try
        {
            var exit = Work(run.ResumeCommand, terminal, display, () => run.Train(e =>
            {
                also?.Invoke(e);
                display.Show(e);
            }, terminal.Interrupt.Token, sampling));
            if (exit == 0) Report(run.Folder, terminal);
            return exit;
        }
        finally
        {
            terminal.Interrupt.Announce = null;
        }
    }

    /// <summary>Writes the run's report; what keeps it from being written is said and ends nothing.</summary>
    private static void Report(string folder, Terminal terminal)
    {
        try
        {
            RunReport.Write(folder, null, Recipe.Defaults);
        }
        catch (Exception e) when (e is TenonException or IOException or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine($"the report could not be written: {e.Message}");
        }
    }

    /// <summary>
    /// Work on a run that an interrupt or a full disk may end: the one writes a checkpoint first, both say how to go on. A
    /// <paramref name="display"/> gives the terminal back before anything is said.
    /// </summary>
    public static int Work(string resume, Terminal terminal, IDisposable? display, Action work)
    {
        terminal.Interrupt.Message = "finishing this step, then writing a checkpoint (once more: stop now)";
        terminal.Interrupt.BeforeExit = () =>
        {
            display?.Dispose();
            terminal.Error.WriteLine($"stopped at once; go on with: {resume}");
        };
        try
        {
            work();
        }
        catch (TenonException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            display?.Dispose();
            terminal.Error.WriteLine(e.Message);
            terminal.Error.WriteLine($"stopped; once that is mended, go on with: {resume}");
            return 1;
        }
        finally
        {
            terminal.Interrupt.BeforeExit = null;
        }

        if (!terminal.Interrupt.Token.IsCancellationRequested) return 0;
        terminal.Error.WriteLine($"stopped; go on with: {resume}");
        return Interrupt.ExitCode;
    }
}
