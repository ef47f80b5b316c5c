using Tenon.Training;

namespace Tenon.Cli.Running;

/// <summary>One process's work on a run: train, then say what became of it.</summary>
internal static class RunSession
{
    /// <summary>Trains to the end or to an interrupt; 0, 130, or 1 where the disk is full.</summary>
    public static int Train(TrainingSetup setup, RunFolder run, ITrainingObserver observer, Terminal terminal, bool resume) => Work(run, terminal, () =>
    {
        var before = setup.Model.WeightsSha256();
        var trainer = new RlvrTrainer(setup, run, observer);
        if (resume) trainer.Resume();
        trainer.Run(terminal.Interrupt.Token);
        if (setup.Model.WeightsSha256() != before)
            throw new TenonException("the base model's weights", "unchanged by training", "another fingerprint", "this is a defect of Tenon: please report it with the recipe");
    });

    /// <summary>Work on a run that an interrupt or a full disk may end: both say how to go on.</summary>
    public static int Work(RunFolder run, Terminal terminal, Action work)
    {
        terminal.Interrupt.Message = "finishing this step, then writing a checkpoint (once more: stop now)";
        try
        {
            work();
        }
        catch (TenonException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            terminal.Error.WriteLine(e.Message);
            terminal.Error.WriteLine($"stopped; once that is mended, go on with: {run.ResumeCommand()}");
            return 1;
        }

        if (!terminal.Interrupt.Token.IsCancellationRequested) return 0;
        terminal.Error.WriteLine($"stopped; go on with: {run.ResumeCommand()}");
        return Interrupt.ExitCode;
    }
}
