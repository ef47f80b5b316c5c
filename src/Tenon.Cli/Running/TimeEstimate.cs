using System.Diagnostics;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Training;

namespace Tenon.Cli.Running;

/// <summary>A run's time from two short measurements on this machine: a few decode steps at the run's concurrency, and one small training pass.</summary>
internal static class TimeEstimate
{
    private const int Tokens = 4;

    /// <summary>One line for a person; an upper bound, since completions may end before the limit.</summary>
    public static string Describe(TrainingSetup setup)
    {
        var rollout = setup.Settings.Rollout;
        var precision = setup.Settings.Precision == Training.Settings.Precision.Bf16 ? Precision.Bf16 : Precision.F32;
        var samples = (double)rollout.Prompts * rollout.Group;
        var alive = Math.Min(128, MemoryCheck.Concurrency(setup));
        int[] prompt = [.. Enumerable.Range(0, 32).Select(i => i % setup.Model.Config.VocabSize)];
        var generator = new Generator(setup.Model, new GeneratorOptions { Concurrency = alive, Precision = precision });
        GenerationRequest[] requests = [new(prompt, alive, Tokens, new RandomPlace(0)) { Adapter = setup.Adapter }];
        generator.Generate(requests);
        var clock = Stopwatch.StartNew();
        generator.Generate(requests);
        var perToken = clock.Elapsed.TotalSeconds / (alive * Tokens);

        var layout = GroupLayout.Of([(prompt, Enumerable.Repeat(prompt, 4).ToList())]);
        clock.Restart();
        var tape = new Tape(null, precision) { Recording = true };
        var batch = TokenBatch.Of(layout.Ids, layout.Runs, setup.Adapter);
        var head = setup.Model.LogProbabilities(tape, tape.SelectRows(setup.Model.Forward(tape, batch), layout.Rows), layout.Targets, batch);
        head.Backward(new float[layout.Targets.Length]);
        var perTrained = clock.Elapsed.TotalSeconds / layout.Ids.Length;
        foreach (var p in setup.Adapter.Trainable) p.ZeroGrad();

        var step = samples * rollout.MaxNewTokens * (perToken + perTrained * setup.Settings.Update.Epochs);
        return $"at most about {step:F0} s a step if every completion reaches its limit, {step * setup.Settings.Steps / 3600:F1} h for {setup.Settings.Steps} steps";
    }
}
