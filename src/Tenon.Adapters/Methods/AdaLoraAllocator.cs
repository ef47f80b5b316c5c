using Tenon.Tensors;

namespace Tenon.Adapters.Methods;

/// <summary>
/// AdaLoRA's rank allocation after each optimizer step t (from 1), with the updated parameters and the gradients of the step. For each
/// value
/// I = |p dp|, mean = b1 mean + (1 - b1) I, spread = b2 spread + (1 - b2) |I - mean|, score = mean spread. A triplet's score is that of its
/// singular value plus
/// the means of its row of A and its column of B; the lowest of all layers together are masked, E = 0, as far as the budget asks for. At t
/// = T - tfinal the last
/// mask is chosen; later steps set it again. All that it remembers lies in the adapter's private tensors.
/// </summary>
internal sealed class AdaLoraAllocator(AdaLoraLayer[] layers, AdapterSettings settings, Parameter final)
{
    private readonly long _whole = layers.Sum(l => (long)l.Rank);
    private readonly long _target = (long)AdaLoraSchedule.TargetRank(settings) * layers.Length;
    private readonly float _beta1 = (float)settings.OptionsAs<AdaLoraOptions>().Beta1;
    private readonly float _beta2 = (float)settings.OptionsAs<AdaLoraOptions>().Beta2;

    /// <summary>The adapted layers.</summary>
    public IReadOnlyList<AdaLoraLayer> Layers => layers;

    /// <summary>The schedule of the run at hand.</summary>
    public AdaLoraSchedule Schedule { get; private set; } = AdaLoraSchedule.Of(settings, 0);

    /// <summary>True once the last mask is chosen.</summary>
    public bool IsFinal => final.Value[0] != 0;

    /// <summary>Fits the schedule to a run.</summary>
    public void Begin(long updates) => Schedule = AdaLoraSchedule.Of(settings, updates).Require();

    /// <summary>The work after step t.</summary>
    public void Step(MethodStep step)
    {
        var (t, last) = (step.Update, Schedule.Total - Schedule.Final);
        var (budget, due) = Schedule.At(t, _whole, _target);
        if (t < last)
        {
            if (IsFinal) final.Set([0]);
            foreach (var layer in layers) Observe(layer);
            if (due) Mask(budget, step);
        }
        else if (t == last || !IsFinal)
        {
            budget = _target;
            Mask(budget, step);
            final.Set([1]);
            foreach (var statistic in layers.SelectMany(l => l.Importance.Concat(l.Uncertainty)))
                statistic.Update(values => values.Clear());
        }
        else
        {
            budget = _target;
            foreach (var layer in layers) Apply(layer);
        }

        step.Report("adalora/budget", Math.Min(budget, _whole));
        step.Report("adalora/kept", layers.Sum(l => l.E.ToArray().Count(e => e != 0)));
    }

    private void Observe(AdaLoraLayer layer)
    {
        Parameter[] parameters = [layer.A, layer.E, layer.B];
        // Nothing is derived from these parameters, so the sum is the whole gradient.
        for (var i = 0; i < parameters.Length; i++) Observe(parameters[i], layer.Importance[i], layer.Uncertainty[i]);
    }

    private void Observe(Parameter parameter, Parameter importance, Parameter uncertainty)
    {
        importance.Update(means =>
        {
            for (var i = 0; i < means.Length; i++) means[i] = _beta1 * means[i] + (1 - _beta1) * Importance(parameter, i);
        });
        uncertainty.Update(spreads =>
        {
            for (var i = 0; i < spreads.Length; i++)
                spreads[i] = _beta2 * spreads[i] + (1 - _beta2) * Math.Abs(Importance(parameter, i) - importance.Value[i]);
        });
    }

    private static float Importance(Parameter parameter, int index) => Math.Abs(parameter.Value[index] * parameter.GradientSum[index]);

    private void Mask(long budget, MethodStep step)
    {
        double[][] scores = [.. layers.Select(Scores)];
        double[] pool = [.. scores.SelectMany(s => s).Order()];
        var cut = _whole - budget;
        // A target of the initial rank or more leaves nothing to cut, where PEFT fails.
        var threshold = cut <= 0 ? double.NegativeInfinity : pool[Math.Min(cut, _whole) - 1];
        for (var l = 0; l < layers.Length; l++)
        {
            layers[l].Kept.Set([.. scores[l].Select(s => s > threshold ? 1f : 0f)]);
            Apply(layers[l]);
        }

        if (cut > 0) step.Report("adalora/threshold", threshold);
    }

    private static void Apply(AdaLoraLayer layer) => layer.E.Update(values =>
    {
        for (var i = 0; i < values.Length; i++)
            if (layer.Kept.Value[i] == 0) values[i] = 0;
    });

    /// <summary>Scores of a layer's triplets.</summary>
    private static double[] Scores(AdaLoraLayer layer)
    {
        var (rank, inputs, outputs) = (layer.Rank, layer.Layer.Inputs, layer.Layer.Outputs);
        var scores = new double[rank];
        for (var i = 0; i < rank; i++)
        {
            var (row, column) = (0.0, 0.0);
            for (var j = 0; j < inputs; j++) row += Score(layer, 0, i * inputs + j);
            for (var j = 0; j < outputs; j++) column += Score(layer, 2, j * rank + i);
            scores[i] = Score(layer, 1, i) + row / inputs + column / outputs;
        }

        return scores;
    }

    private static double Score(AdaLoraLayer layer, int which, int index) =>
        (double)layer.Importance[which].Value[index] * layer.Uncertainty[which].Value[index];
}
