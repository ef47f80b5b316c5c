using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Models.Weights;
using Tenon.Runs;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>
/// A checkpoint: an adapter folder that PEFT loads, and beside its files the state of the trainer (<c>trainer.json</c>) and of the optimizer
/// (<c>optimizer.safetensors</c>). The caller makes the folder appear whole (<see cref="RunFolder.WriteCheckpoint"/>).
/// </summary>
internal static class Checkpoint
{
    private const string StateFile = "trainer.json";
    private const string OptimizerFile = "optimizer.safetensors";

    /// <summary>Goes on from a run's last checkpoint: later metrics, completions and evaluations are cut off, adapter and optimizer read back. Without a checkpoint the run starts at step 0.</summary>
    public static TrainerState Resume(RunFolder run, AdapterSet adapter, AdapterOptimizer optimizer)
    {
        var step = run.CheckpointSteps() is [.., var last] ? last : 0;
        run.CutBackTo(step);
        return step > 0 ? Load(run.CheckpointFolder(step), adapter, optimizer) : new TrainerState();
    }

    /// <summary>Writes a run's checkpoint after its metrics are on the disk; gives the checkpoint's folder.</summary>
    public static string Write(RunFolder run, MetricsLog log, int keep, TrainerState state, AdapterSet adapter, AdapterOptimizer optimizer, string baseModel)
    {
        adapter.RequireFinite();
        log.Sync();
        return run.WriteCheckpoint(state.Step, keep, target => Save(target, state, adapter, optimizer, baseModel));
    }

    private static void Save(string folder, TrainerState state, AdapterSet adapter, AdapterOptimizer optimizer, string baseModel)
    {
        PeftFolder.Save(adapter, folder, baseModel);
        SafetensorsWriter.Write(Path.Combine(folder, OptimizerFile), optimizer.State.Select(s => SafetensorsEntry.FromFloats(s.Name, [s.Values.Length], s.Values)));
        var json = new JsonObject
        {
            ["step"] = state.Step,
            ["cursor"] = state.Cursor,
            ["updates"] = optimizer.Updates,
            ["entropy_coefficient"] = state.Entropy?.Coefficient,
            ["entropy_last"] = state.Entropy is { LastEntropy: var last } && double.IsFinite(last) ? last : null,
        };
        if (state.IsStopped) json["stopped"] = true;
        File.WriteAllText(Path.Combine(folder, StateFile), json.ToJsonString() + "\n");
    }

    private static TrainerState Load(string folder, AdapterSet adapter, AdapterOptimizer optimizer)
    {
        PeftFolder.LoadTensors(adapter, folder);
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, StateFile)))!;
        using var file = SafetensorsFile.Open(Path.Combine(folder, OptimizerFile));
        optimizer.Restore((long)json["updates"]!, file.ReadFloats);
        var coefficient = (double?)json["entropy_coefficient"];
        return new TrainerState
        {
            Step = (int)json["step"]!,
            Cursor = (long)json["cursor"]!,
            IsStopped = (bool?)json["stopped"] == true,
            Entropy = coefficient is null ? null : new EntropyController(coefficient.Value, (double?)json["entropy_last"] ?? double.PositiveInfinity),
        };
    }
}
