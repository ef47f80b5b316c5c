using Tenon.Evaluation.Reports;
using Tenon.Recipes;
using Tenon.Rewards.External;
using Tenon.Runs;
using Tenon.Training;

namespace Tenon.Cli.Running;

/// <summary>One process's work on a run: train, then say what became of it.</summary>
internal static class RunSession
{
    /// <summary>Trains to the end or to an interrupt; 0, 130, or 1 where the disk is full.</summary>
    public static int Train(TrainingSetup setup, RunFolder run, ITrainingObserver observer, Terminal terminal, bool resume)
    {
        var display = observer as IDisposable;
        try
        {
            terminal.Interrupt.Announce = observer.OnMessage;
            foreach (var reward in setup.Rewards.Select(r => r.Reward).OfType<INotifyingReward>()) reward.Notified += observer.OnMessage;
            var exit = Work(run, terminal, display, () => TrainingRun.Train(setup, run, observer, resume, terminal.Interrupt.Token));
            if (exit == 0) Report(run, terminal);
            return exit;
        }
        finally
        {
            // Whatever ended the run: the terminal gets its cursor back before a fault is printed.
            terminal.Interrupt.Announce = null;
            display?.Dispose();
        }
    }

    /// <summary>Writes the run's report; what keeps it from being written is said and ends nothing.</summary>
    private static void Report(RunFolder run, Terminal terminal)
    {
        try
        {
            RunReport.Write(run.Folder, null, RunDefaults.Recipe);
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
    public static int Work(RunFolder run, Terminal terminal, IDisposable? display, Action work)
    {
        terminal.Interrupt.Message = "finishing this step, then writing a checkpoint (once more: stop now)";
        terminal.Interrupt.BeforeExit = () =>
        {
            display?.Dispose();
            terminal.Error.WriteLine($"stopped at once; go on with: {run.ResumeCommand()}");
        };
        try
        {
            work();
        }
        catch (TenonException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            display?.Dispose();
            terminal.Error.WriteLine(e.Message);
            terminal.Error.WriteLine($"stopped; once that is mended, go on with: {run.ResumeCommand()}");
            return 1;
        }
        finally
        {
            terminal.Interrupt.BeforeExit = null;
        }

        if (!terminal.Interrupt.Token.IsCancellationRequested) return 0;
        terminal.Error.WriteLine($"stopped; go on with: {run.ResumeCommand()}");
        return Interrupt.ExitCode;
    }
}
