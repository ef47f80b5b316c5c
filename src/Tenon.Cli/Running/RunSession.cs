using System.Text.Json.Nodes;
using Tenon.Tensors;
using Tenon.Training;

namespace Tenon.Cli.Running;

/// <summary>One process's work on a run: train, then say what became of it.</summary>
internal static class RunSession
{
    /// <summary>Trains to the end or to an interrupt; 0 or 130.</summary>
    public static int Train(TrainingSetup setup, RunFolder run, ITrainingObserver observer, Terminal terminal, bool resume)
    {
        terminal.Interrupt.Message = "finishing this step, then writing a checkpoint (once more: stop now)";
        var before = setup.Model.WeightsSha256();
        var trainer = new RlvrTrainer(setup, run, observer);
        if (resume) trainer.Resume();
        trainer.Run(terminal.Interrupt.Token);
        if (setup.Model.WeightsSha256() != before)
            throw new TenonException("the base model's weights", "unchanged by training", "another fingerprint", "this is a defect of Tenon: please report it with the recipe");
        if (!terminal.Interrupt.Token.IsCancellationRequested) return 0;
        terminal.Error.WriteLine($"stopped; go on with: tenon train --resume {run.Folder}");
        return Interrupt.ExitCode;
    }

    /// <summary>Refuses to go on where the numbers would be others than those of the run so far.</summary>
    public static void CheckResumable(JsonObject json, TrainingSetup setup, bool forced)
    {
        if (forced) return;
        if ((int?)json["numerics"] is { } numerics && numerics != Numerics.Version)
            throw new TenonException("resume", $"numerics version {numerics}, as the run began", $"{Numerics.Version}", "finish the run with the version that began it, or --force to go on with other numbers", usage: true);
        if ((string?)json["precision"] == "bf16" && (string?)json["tier"] is { } tier && tier != Numerics.Tier)
            throw new TenonException("resume in bf16", $"a CPU of tier {tier}, as the run began", Numerics.Tier, "--force to go on with other numbers", usage: true);
        if ((string?)json["model_fingerprint"] is { } fingerprint && fingerprint != setup.Model.Fingerprint)
            throw new TenonException($"model '{setup.Settings.Model}'", $"fingerprint {fingerprint}, as the run began", setup.Model.Fingerprint, "the model's file has changed since: restore it", usage: true);
    }
}
