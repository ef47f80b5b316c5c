using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Models.Weights;
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

    public static void Save(string folder, TrainerState state, AdapterSet adapter, AdapterOptimizer optimizer, string baseModel)
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
        File.WriteAllText(Path.Combine(folder, StateFile), json.ToJsonString() + "\n");
    }

    public static TrainerState Load(string folder, AdapterSet adapter, AdapterOptimizer optimizer)
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
            Entropy = coefficient is null ? null : new EntropyController(coefficient.Value, (double?)json["entropy_last"] ?? double.PositiveInfinity),
        };
    }
}
