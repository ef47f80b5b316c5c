using Tenon.Adapters;
using Tenon.Models;
using Tenon.Models.Layers;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>How the forward and backward passes of an update are cut; none of it changes a bit.</summary>
/// <param name="MicroBatchTokens">Most tokens of one pass.</param>
/// <param name="SharePrompts">Compute the prompt of a group once.</param>
/// <param name="Recompute">Keep only the blocks' inputs for the backward pass.</param>
/// <param name="DropoutSeed">Seed of the adapter's dropout in gradient passes; null drops nothing.</param>
/// <param name="SkipIdle">Make no pass over completions that no gradient can come from.</param>
public sealed record PassOptions(
    int MicroBatchTokens = 8192, bool SharePrompts = true, bool Recompute = false, ulong? DropoutSeed = null, bool SkipIdle = true);

/// <summary>The passes of training: scoring completions, and the gradient of one optimizer step over them.</summary>
public sealed class PolicyUpdater(CausalModel model, double temperature, PassOptions options, Tape tape)
{
    /// <summary>Tokens that gradient passes were made over so far, prompts included.</summary>
    public long TokensPassed { get; private set; }

    /// <summary>
    /// Log-probability and entropy of every completion token, completions in order, through an adapter or (null) the base.
    /// </summary>
    public (double[] Logps, double[] Entropies) Score(IReadOnlyList<RolloutGroup> groups, IAdapter? adapter)
    {
        var logps = new List<double>();
        var entropies = new List<double>();
        foreach (var (head, _) in Heads(groups, adapter, squares: false))
        {
            logps.AddRange(head.LogProbabilities.Select(v => (double)v));
            entropies.AddRange(head.Entropies.Select(v => (double)v));
        }

        return ([.. logps], [.. entropies]);
    }

    /// <summary>The same, and the last hidden states of each completion's tokens.</summary>
    internal (double[] Logps, double[] Entropies, float[][] States) ScoreStates(
        IReadOnlyList<RolloutGroup> groups, IAdapter? adapter)
    {
        var (logps, entropies, states) = (new List<double>(), new List<double>(), new List<float[]>());
        var lengths = groups.SelectMany(g => g.Rollouts).Select(r => r.Sampled.Ids.Length).ToList();
        foreach (var (head, hidden) in Heads(groups, adapter, squares: false))
        {
            logps.AddRange(head.LogProbabilities.Select(v => (double)v));
            entropies.AddRange(head.Entropies.Select(v => (double)v));
            var (size, values) = (checked((int)hidden.Columns), hidden.ToArray());
            for (var token = 0; token < hidden.Rows; token += lengths[states.Count - 1])
                states.Add(values[(token * size)..((token + lengths[states.Count]) * size)]);
        }

        return ([.. logps], [.. entropies], [.. states]);
    }

    /// <summary>Sum of squared probabilities over the vocabulary at every completion token, completions in order.</summary>
    public double[] SumSquaredProbabilities(IReadOnlyList<RolloutGroup> groups, IAdapter? adapter) =>
        [.. Heads(groups, adapter, squares: true).SelectMany(pass => pass.Head.SquaredProbabilities).Select(v => (double)v)];

    private IEnumerable<(TokenHead Head, Tensor Hidden)> Heads(IReadOnlyList<RolloutGroup> groups, IAdapter? adapter, bool squares)
    {
        foreach (var micro in MicroBatch.Cut(groups, options.MicroBatchTokens, options.SharePrompts))
        {
            tape.Reset();
            var (batch, hidden) = Hidden(micro, groups, adapter);
            yield return (model.LogProbabilities(tape, hidden, micro.Layout.Targets, batch, temperature, squares), hidden);
        }

        tape.Reset();
    }

    /// <summary>
    /// Adds the gradient of one optimizer step to the adapter's parameters. The window covers exactly these groups' completions; its
    /// log-probabilities and
    /// entropies are filled in as the micro-batches are computed. Dropout acts here alone; its masks belong to the number of the
    /// <paramref name="update"/>. Completions that no gradient can come from are left out (<see cref="PassOptions.SkipIdle"/>); the
    /// denominators count them all the same. Where the window's log-probabilities are foreseen
    /// (<see cref="PolicyWindow.IsForeseen"/>) the head is computed once; they are compared all the same, and where one differs its
    /// micro-batch goes the long way, so that the result never depends on it.
    /// </summary>
    public MetricValues Accumulate(IReadOnlyList<RolloutGroup> groups, IAdapter adapter, ObjectiveSettings objective, PolicyWindow window,
        LossPlan plan, long update = 0) =>
        Accumulate(groups, adapter, objective, window, plan, StepRows.Of(objective, window, plan), update);

    /// <summary>The same, of a step whose rows are told apart already.</summary>
    internal MetricValues Accumulate(IReadOnlyList<RolloutGroup> groups, IAdapter adapter, ObjectiveSettings objective,
        PolicyWindow window, LossPlan plan, StepRows rows, long update)
    {
        Accumulate(GradientShard.Of(groups, rows.Passed(options.SkipIdle)), adapter, objective, window, plan, update);
        return PolicyLoss.Report(objective, window, plan, rows.Reported);
    }

    /// <summary>
    /// The gradient of one shard of a step, through the request's adapter or a copy of it, whose own gradients are zero before and after.
    /// </summary>
    internal ShardGradient Gradient(GradientRequest request, GradientShard shard, AdapterSet adapter)
    {
        var window = request.Window with
        {
            Logps = (double[])request.Window.Logps.Clone(),
            Entropies = (double[]?)request.Window.Entropies?.Clone(),
            Divergences = (TokenDivergence[]?)request.Window.Divergences?.Clone(),
        };
        Accumulate(shard, adapter, request.Objective, window, request.Plan, request.Update);
        T[] Of<T>(T[]? all) =>
            all is null ? [] : [.. shard.Rows.SelectMany(row => all[window.RowStarts[row]..window.RowStarts[row + 1]])];
        float[][] sums = [.. adapter.Trainable.Select(p => p.GradientOrZero().ToArray())];
        foreach (var parameter in adapter.Trainable) parameter.ZeroGrad();
        return new ShardGradient(sums, Of(window.Logps), Of(window.Entropies)) { Divergences = Of(window.Divergences) };
    }

    private void Accumulate(GradientShard trained, IAdapter adapter, ObjectiveSettings objective, PolicyWindow window, LossPlan plan,
        long update)
    {
        var gradLogps = new double[window.Mask.Length];
        var gradEntropies = new double[window.Mask.Length];
        var isForeseen = window.IsForeseen && model.Head.Slot is null;
        foreach (var micro in MicroBatch.Cut(trained.Groups, options.MicroBatchTokens, options.SharePrompts))
        {
            tape.Reset();
            tape.Recording = true;
            tape.Recompute = options.Recompute;
            tape.Dropping = options.DropoutSeed is { } seed
                ? micro.Places(trained.Groups, seed, checked((int)update), trained.Samples) : null;
            var slopes = new TokenSlopes(micro, trained.Rows, window, plan.EntropyBonus != 0, objective.Diverging);
            if (isForeseen) slopes.Fill(objective, window, plan, gradLogps, gradEntropies);
            var (batch, hidden) = Hidden(micro, trained.Groups, adapter);
            TokensPassed += batch.Count;
            var head = isForeseen
                ? model.LogProbabilities(tape, hidden, micro.Layout.Targets, batch, slopes.Logps, slopes.Entropies, temperature,
                    slopes.Teacher)
                : model.LogProbabilities(tape, hidden, micro.Layout.Targets, batch, temperature);
            if (slopes.Read(head, window) && isForeseen) head.Resume();
            else
            {
                slopes.Fill(objective, window, plan, gradLogps, gradEntropies);
                head.Backward(slopes.Logps, slopes.Entropies, slopes.Teacher);
            }

            slopes.TakeDivergences(window);
        }

        tape.Reset();
        tape.Dropping = null;
    }

    /// <summary>
    /// Adds the gradient of -sum(weight * logp) / tokens over all completion tokens: the plain weighted step that stacks are timed on.
    /// <paramref name="weight"/> gets
    /// the row and the place of the token in its completion. Returns the loss.
    /// </summary>
    public double AccumulateWeighted(IReadOnlyList<RolloutGroup> groups, IAdapter adapter, Func<int, int, double> weight)
    {
        var total = groups.Sum(g => g.Rollouts.Sum(r => (long)r.Sampled.Ids.Length));
        var loss = 0.0;
        var lengths = groups.SelectMany(g => g.Rollouts).Select(r => r.Sampled.Ids.Length).ToList();
        foreach (var micro in MicroBatch.Cut(groups, options.MicroBatchTokens, options.SharePrompts))
        {
            tape.Reset();
            tape.Recording = true;
            tape.Recompute = options.Recompute;
            var slope = new float[micro.Layout.Targets.Length];
            var weights = new double[slope.Length];
            var at = 0;
            for (var row = micro.FirstRow; row < micro.EndRow; row++)
                for (var t = 0; t < lengths[row]; t++, at++)
                {
                    weights[at] = weight(row, t) / total;
                    slope[at] = (float)-weights[at];
                }

            var (batch, hidden) = Hidden(micro, groups, adapter);
            var head = model.LogProbabilities(tape, hidden, micro.Layout.Targets, batch, slope, null, temperature);
            for (var i = 0; i < at; i++) loss -= weights[i] * head.LogProbabilities[i];
            head.Resume();
        }

        tape.Reset();
        return loss;
    }

    private (TokenBatch Batch, Tensor Hidden) Hidden(MicroBatch micro, IReadOnlyList<RolloutGroup> groups, IAdapter? adapter)
    {
        var batch = micro.ToBatch(adapter);
        if (adapter is not null) batch.Kept = micro.Kept(groups);
        return (batch, tape.SelectRows(model.Forward(tape, batch), micro.Layout.Rows));
    }
}
