using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Rollouts;
using Tenon.Rollouts.Data;
using Tenon.Runs;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>
/// A checkpoint: an adapter folder that PEFT loads, and beside its files the state of the trainer (<c>trainer.json</c>) and of the
/// optimizer
/// (<c>optimizer.safetensors</c>). The caller makes the folder appear whole (<see cref="RunFolder.WriteCheckpoint"/>).
/// </summary>
internal static class Checkpoint
{
    private const string StateFile = "trainer.json";
    private const string OptimizerFile = "optimizer.safetensors";
    private const string SamplerFile = "sampler.safetensors";

    /// <summary>
    /// Goes on from a run's newest whole checkpoint: later metrics, completions and evaluations are cut off, adapter and optimizer read
    /// back. What is
    /// passed over is named to <paramref name="remark"/>. Without any checkpoint the run starts at step 0; where there are some but none is
    /// whole,
    /// nothing is cut off and the error names what is wrong with each.
    /// </summary>
    public static TrainerState Resume(RunFolder run, AdapterSet adapter, AdapterOptimizer optimizer, Action<string>? remark = null,
        FrozenPolicies? frozen = null, AdapterSet? sampler = null)
    {
        var failed = new HashSet<int>();
        var faults = new List<string>();
        while (true)
        {
            var (step, passedOver) = run.NewestCheckpoint(failed);
            if (step is not { } found)
            {
                if (failed.Count > 0 || passedOver.Any(text => text.Contains("is no whole checkpoint", StringComparison.Ordinal)))
                    throw new TenonException($"no checkpoint of {run.Folder} is whole", "one to go on from",
                        string.Join("; ", passedOver.Concat(faults)),
                        "restore one of them, or delete the folder checkpoints to begin again at step 0");
                foreach (var text in passedOver) remark?.Invoke(text);
                run.CutBackTo(0);
                return new TrainerState();
            }

            try
            {
                var state = Load(run.CheckpointFolder(found), adapter, optimizer, frozen);
                if (sampler is not null) LoadSampler(run.CheckpointFolder(found), sampler);
                foreach (var text in passedOver.Concat(faults)) remark?.Invoke(text);
                if (passedOver.Count + faults.Count > 0) remark?.Invoke($"going on from the checkpoint of step {found}");
                run.SetAsideAfter(found);
                run.CutBackTo(found);
                foreach (var text in run.Losses(found)) remark?.Invoke(text);
                return state;
            }
            catch (Exception e) when (e is TenonException or JsonException or InvalidOperationException or FormatException
            or NullReferenceException
                or IOException or UnauthorizedAccessException or KeyNotFoundException or ArgumentException or OverflowException)
            {
                failed.Add(found);
                faults.Add($"{run.CheckpointFolder(found)} cannot be read ({e.Message.ReplaceLineEndings(" ")}): passed over");
            }
        }
    }

    /// <summary>Writes a run's checkpoint after its metrics are on the disk; gives the checkpoint's folder.</summary>
    public static string Write(RunFolder run, MetricsLog log, int keep, TrainerState state, AdapterSet adapter, AdapterOptimizer optimizer,
        string baseModel, bool keepBest = false, FrozenPolicies? frozen = null, AdapterSet? sampler = null)
    {
        adapter.RequireFinite();
        log.Sync();
        var written = run.WriteCheckpoint(state.Step, keep, target => Save(target, state, adapter, optimizer, baseModel, frozen, sampler),
            keepBest ? state.BestStep : null, BytesOf(adapter, optimizer, sampler));
        // What lives through a few steps (groups for replay, metrics that are watched) ends in the oldest generation, which the runtime
        // clears once in hundreds of steps: here it takes milliseconds beside the disk's, and memory stays level.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        return written;
    }

    private static void Save(string folder, TrainerState state, AdapterSet adapter, AdapterOptimizer optimizer, string baseModel,
        FrozenPolicies? frozen, AdapterSet? sampler)
    {
        PeftFolder.Save(adapter, folder, baseModel);
        frozen?.Save(folder);
        SafetensorsWriter.Write(Path.Combine(folder, OptimizerFile),
            optimizer.State.Select(s => SafetensorsEntry.FromFloats(s.Name, [s.Values.Length], s.Values)));
        // With overlap the next batch belongs to the weights of the step before, which nothing else holds.
        if (sampler is not null)
            SafetensorsWriter.Write(Path.Combine(folder, SamplerFile),
                Values(sampler).Select(t => SafetensorsEntry.FromFloats(t.Name, [t.Tensor.Length], t.Tensor.ToArray())));
        var json = new JsonObject
        {
            ["step"] = state.Step,
            ["cursor"] = state.Rollouts.Cursor,
            ["updates"] = optimizer.Updates,
            ["entropy_coefficient"] = state.Entropy?.Coefficient,
            ["entropy_last"] = state.Entropy is { LastEntropy: var last } && double.IsFinite(last) ? last : null,
        };
        if (state.IsStopped) json["stopped"] = true;
        if (sampler is not null) json["sampler_version"] = sampler.Version;
        if (state.EmptySteps > 0) json["empty_steps"] = state.EmptySteps;
        if (state.BestStep is { } best)
        {
            json["best_step"] = best;
            json["best_accuracy"] = state.BestAccuracy;
            json["since_best"] = state.SinceBest;
        }
        if (state.Setbacks > 0) json["setbacks"] = state.Setbacks;
        if (state.WentBackAt is { } at) (json["went_back_at"], json["went_back_to"]) = (at, state.WentBackTo);
        if (state.Rollouts.Judged > 0)
        {
            json["judged"] = state.Rollouts.Judged;
            json["mixed"] = state.Rollouts.Mixed;
        }

        var groups = GroupFile.Write(folder, state.Rollouts.Carried, state.Rollouts.Replay);
        if (groups[0].Count > 0) json["carried"] = groups[0];
        if (groups[1].Count > 0) json["replay"] = groups[1];
        if (state.Rollouts.Sources.Count > 0) json["sources"] = JsonSerializer.SerializeToNode(state.Rollouts.Sources);
        if (state.Rollouts.Memory.Count > 0) json["memory"] = JsonSerializer.SerializeToNode(state.Rollouts.Memory);
        File.WriteAllText(Path.Combine(folder, StateFile), json.ToJsonString() + "\n");
    }

    private static long BytesOf(AdapterSet adapter, AdapterOptimizer optimizer, AdapterSet? sampler) =>
        sizeof(float) * (Values(adapter).Sum(t => (long)t.Tensor.Length) + optimizer.State.Sum(s => (long)s.Values.Length)
            + (sampler is null ? 0 : Values(sampler).Sum(t => (long)t.Tensor.Length)));

    private static void LoadSampler(string folder, AdapterSet sampler)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, SamplerFile));
        foreach (var (name, tensor) in Values(sampler)) tensor.Set(file.ReadFloats(name));
        sampler.Version = (long?)JsonNode.Parse(SharedFile.ReadText(Path.Combine(folder, StateFile)))!["sampler_version"] ?? 0;
    }

    private static IEnumerable<(string Name, Tensors.Parameter Tensor)> Values(AdapterSet adapter) =>
        adapter.Tensors.DistinctBy(t => t.Name).Concat(adapter.PrivateTensors.Select(t => ("private." + t.Name, t.Tensor)));

    /// <summary>Reads adapter and optimizer of a checkpoint back, and gives the state it was written with.</summary>
    public static TrainerState Load(string folder, AdapterSet adapter, AdapterOptimizer optimizer, FrozenPolicies? frozen = null)
    {
        PeftFolder.LoadTensors(adapter, folder);
        frozen?.Load(folder);
        var json = JsonNode.Parse(SharedFile.ReadText(Path.Combine(folder, StateFile)))!;
        using var file = SafetensorsFile.Open(Path.Combine(folder, OptimizerFile));
        optimizer.Restore((long)json["updates"]!, file.ReadFloats);
        var coefficient = (double?)json["entropy_coefficient"];
        var groups = GroupFile.Read(folder, json["carried"], json["replay"]);
        return new TrainerState
        {
            Step = (int)json["step"]!,
            Rollouts = new RolloutState
            {
                Cursor = (long)json["cursor"]!,
                Judged = (double?)json["judged"] ?? 0,
                Mixed = (double?)json["mixed"] ?? 0,
                Carried = groups[0],
                Replay = groups[1],
                Sources = json["sources"]?.Deserialize<SourceState[]>() ?? [],
                Memory = json["memory"]?.Deserialize<Dictionary<string, PromptRate>>() ?? [],
            },
            IsStopped = (bool?)json["stopped"] == true,
            EmptySteps = (int?)json["empty_steps"] ?? 0,
            BestStep = (int?)json["best_step"],
            BestAccuracy = (double?)json["best_accuracy"] ?? double.NaN,
            SinceBest = (int?)json["since_best"] ?? 0,
            Setbacks = (int?)json["setbacks"] ?? 0,
            WentBackAt = (int?)json["went_back_at"], WentBackTo = (int?)json["went_back_to"],
            Entropy = coefficient is null ? null
            : new EntropyController(coefficient.Value, (double?)json["entropy_last"] ?? double.PositiveInfinity),
        };
    }
}
