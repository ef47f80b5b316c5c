using System.Diagnostics;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Training;

namespace Tenon.Cli.Running;

/// <summary>A run's time from two short measurements on this machine: a few decode steps of up to 32 sequences, and a small training pass.</summary>
internal static class TimeEstimate
{
    private const int Tokens = 4;
    private const int Runs = 3;
    private const int MostAlive = 32;

    /// <summary>One line for a person; an upper bound, since completions may end before the limit.</summary>
    public static string Describe(TrainingSetup setup)
    {
        var rollout = setup.Settings.Rollout;
        var precision = setup.Settings.Precision;
        var samples = (double)rollout.Prompts * rollout.Group;
        var alive = Math.Min(MostAlive, MemoryPlan.Concurrency(setup));
        int[] prompt = [.. Enumerable.Range(0, 32).Select(i => i % setup.Model.Config.VocabSize)];
        var generator = new Generator(setup.Model, new GeneratorOptions { Concurrency = alive, Precision = precision, EndTokens = new HashSet<int>() });
        GenerationRequest[] requests = [new(prompt, alive, Tokens, new RandomPlace(0)) { Adapter = setup.Adapter }];
        var perToken = Best(() => generator.Generate(requests)) / (alive * Tokens);

        var layout = GroupLayout.Of([(prompt, Enumerable.Repeat(prompt, 4).ToList())]);
        var tape = new Tape(null, precision);
        var perTrained = Best(() =>
        {
            tape.Reset();
            tape.Recording = true;
            var batch = TokenBatch.Of(layout.Ids, layout.Runs, setup.Adapter);
            var head = setup.Model.LogProbabilities(tape, tape.SelectRows(setup.Model.Forward(tape, batch), layout.Rows), layout.Targets, batch);
            head.Backward(new float[layout.Targets.Length]);
        }) / layout.Ids.Length;
        foreach (var p in setup.Adapter.Trainable) p.ZeroGrad();

        var step = samples * rollout.MaxNewTokens * (perToken + perTrained * setup.Settings.Update.Epochs);
        return $"at most about {Text(step)} a step if every completion reaches its limit, {Text(step * setup.Settings.Steps)} for {setup.Settings.Steps} steps";
    }

    private static string Text(double seconds) => seconds < 10 ? $"{seconds:F1} s" : seconds < 120 ? $"{seconds:F0} s" : seconds < 7200 ? $"{seconds / 60:F0} min" : $"{seconds / 3600:F1} h";

    // The first calls compile; a busy machine is not blamed on the run.
    private static double Best(Action work)
    {
        work();
        var best = double.PositiveInfinity;
        for (var i = 0; i < Runs; i++)
        {
            var clock = Stopwatch.StartNew();
            work();
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        return best;
    }
}
