using Tenon.Adapters;
using Tenon.Tensors;
using Tenon.Training.Optimizers;
using Tenon.Training.Schedules;
using Tenon.Training.Settings;

namespace Tenon.Training;

/// <summary>
/// The optimizer of a run: global gradient clipping, then one update rule over all trainable parameters at the schedule's learning rate.
/// Its state
/// (moments, number of updates) is what a checkpoint keeps.
/// </summary>
public sealed class AdapterOptimizer
{
    private readonly OptimizerSettings _settings;
    private readonly LearningRateSchedule _schedule;
    private readonly List<Slot> _slots = [];
    private readonly AdapterSet? _adapter;
    private readonly long _updatesOfRun;
    private float[] _before = [];

    /// <summary>
    /// An optimizer over an adapter: its method says what departs from the settings, adds its penalties and runs its schedules.
    /// </summary>
    public AdapterOptimizer(AdapterSet adapter, OptimizerSettings settings, long steps, int updatesPerStep = 1)
        : this(adapter.Trainable, settings, steps, updatesPerStep, adapter.Method.OptimizerParts(adapter))
    {
        _adapter = adapter;
        _updatesOfRun = steps * updatesPerStep;
        adapter.Method.BeforeRun(adapter, _updatesOfRun);
    }

    /// <summary>An optimizer over parameters for a run of so many steps, each of so many updates.</summary>
    /// <param name="parameters">What is trained.</param>
    /// <param name="settings">The recipe's optimizer.</param>
    /// <param name="steps">Steps of the run: what a falling schedule is stretched over.</param>
    /// <param name="updatesPerStep">Updates of a step.</param>
    /// <param name="parts">Parameters that depart from the settings; null for none.</param>
    public AdapterOptimizer(
        IReadOnlyList<Parameter> parameters, OptimizerSettings settings, long steps, int updatesPerStep = 1,
        IReadOnlyDictionary<Parameter, OptimizerPart>? parts = null)
    {
        _settings = settings;
        _schedule = settings.ScheduleOf(steps, updatesPerStep);
        var rules = new Dictionary<UpdateForm, UpdateRule<float>>();
        foreach (var parameter in parameters)
        {
            var part = parts?.GetValueOrDefault(parameter) ?? new OptimizerPart();
            if (!rules.TryGetValue(part.Rule, out var rule)) rules[part.Rule] = rule = UpdateRules.Of<float>(settings, part.Rule);
            var shape = new TensorShape((int)parameter.Rows, (int)parameter.Columns, parameter.Dimensions.Count >= 2);
            _slots.Add(new Slot(parameter, shape, rule, rule.NewState(shape), part));
        }
    }

    /// <summary>Updates done so far.</summary>
    public long Updates { get; private set; }

    /// <summary>
    /// Where the schedule stands: updates that the steps so far were to have. A step without groups, or with fewer updates than planned,
    /// moves it all the
    /// same: a schedule runs over the steps of the run. Null counts the updates that were made.
    /// </summary>
    public long? Clock { get; set; }

    /// <summary>Learning rate of the coming update.</summary>
    public double LearningRate => _settings.Rate * _schedule.Factor(Clock ?? Updates);

    /// <summary>Norm of all trained parameters.</summary>
    public double WeightNorm
    {
        get
        {
            var squares = 0.0;
            foreach (var slot in _slots) squares += GradientClipping.Squares<float>(slot.Parameter.Value);
            return Math.Sqrt(squares);
        }
    }

    /// <summary>Named state arrays, in parameter order.</summary>
    public IEnumerable<(string Name, float[] Values)> State =>
        from slot in _slots from array in slot.State select ($"{array.Name}.{slot.Parameter.Name}", array.Values);

    /// <summary>Puts back what <see cref="State"/> gave.</summary>
    public void Restore(long updates, Func<string, float[]> read)
    {
        Updates = updates;
        foreach (var (name, values) in State) read(name).CopyTo(values, 0);
    }

    /// <summary>
    /// Adds the method's penalties, clips, updates, lets the method's own schedule act, zeroes the gradients. Returns the gradient's norm
    /// before clipping, the norm
    /// of the change and the learning rate used; <paramref name="report"/> takes the method's metrics.
    /// </summary>
    public (double GradNorm, double UpdateNorm, double LearningRate) Step(Action<string, double>? report = null)
    {
        var norm = Prepare(report);
        if (!double.IsFinite(norm))
            throw new TenonException("gradient of the step", "a finite norm", $"{norm}", "the run has diverged: lower the learning rate");
        var (change, rate) = Apply(norm, report);
        return (norm, change, rate);
    }

    /// <summary>
    /// Adds the method's penalties to the gradients and gives their norm, which may be no number; <see cref="Apply"/> or
    /// <see cref="Discard"/> comes next.
    /// </summary>
    public double Prepare(Action<string, double>? report = null)
    {
        var penalty = _adapter?.Method.AddPenalty(_adapter) ?? 0;
        if (penalty != 0) report?.Invoke(_adapter!.Method.Name + "/penalty", penalty);
        var squares = 0.0;
        foreach (var slot in _slots) squares += GradientClipping.Squares<float>(slot.Parameter.GradientOrZero());
        return Math.Sqrt(squares);
    }

    /// <summary>The norm of the gradients after clipping.</summary>
    public double ClippedNorm(double norm) => norm * GradientClipping.Factor(norm, _settings.MaxGradNorm);

    /// <summary>Leaves the prepared update out.</summary>
    public void Discard()
    {
        foreach (var slot in _slots) slot.Parameter.ZeroGrad();
    }

    /// <summary>Makes the prepared update; gives the norm of the change and the learning rate used.</summary>
    public (double UpdateNorm, double LearningRate) Apply(double norm, Action<string, double>? report = null)
    {
        var rate = LearningRate;
        var factor = GradientClipping.Factor(norm, _settings.MaxGradNorm);
        Updates++;
        var change = 0.0;
        foreach (var slot in _slots) GradientClipping.Scale(slot.Parameter.GradientOrZero(), factor);
        foreach (var slot in _slots) slot.Part.Transform?.Invoke(slot.Parameter.Gradient);
        foreach (var slot in _slots)
        {
            var own = slot.Part.LearningRate is { } ownRate ? rate / _settings.Rate * ownRate : rate;
            var arguments = new UpdateArguments(Updates, own * slot.Part.RateFactor, slot.Part.WeightDecay ?? _settings.WeightDecay);
            slot.Parameter.Update(values => change += Update(slot, values, arguments));
        }

        _adapter?.Method.AfterStep(_adapter, new MethodStep(Clock + 1 ?? Updates, _updatesOfRun, report ?? ((_, _) => { })));
        Discard();
        return (Math.Sqrt(change), rate);
    }

    // Applies the rule; returns the sum of squared changes.
    private double Update(Slot slot, Span<float> values, UpdateArguments arguments)
    {
        if (_before.Length < values.Length) _before = new float[values.Length];
        values.CopyTo(_before);
        slot.Rule.Apply(values, slot.Parameter.Gradient, slot.Shape, slot.State, arguments);
        for (var i = 0; i < values.Length; i++) _before[i] = values[i] - _before[i];
        return GradientClipping.Squares<float>(_before.AsSpan(0, values.Length));
    }

    private sealed record Slot(Parameter Parameter, TensorShape Shape, UpdateRule<float> Rule, IReadOnlyList<StateArray<float>> State,
        OptimizerPart Part);
}
