namespace Tenon.Tensors;

/// <summary>
/// A parameter whose values follow from others (an orthogonal block from its skew entries, a dense update from a spectrum). It is computed
/// again only after a
/// source changed. In a backward pass its gradient accumulates like any parameter's; it is carried over to the sources once, when somebody
/// reads
/// theirs, so that the sum over micro-batches has the same bits in any cut.
/// </summary>
public sealed class DerivedParameter : IGradientHolder
{
    /// <summary>Fills in the values [product of the dimensions], which hold what they held before.</summary>
    public delegate void Computation(Span<float> values);

    /// <summary>Adds dL/dsource to <see cref="Parameter.GradientSum"/> of each trainable source, given dL/dvalues.</summary>
    public delegate void PullBack(ReadOnlySpan<float> gradient);

    private readonly Lock _gate = new();
    private readonly Parameter _value;
    private readonly Parameter[] _sources;
    private readonly DerivedParameter?[] _upstream;
    private readonly long[] _versions;
    private readonly Computation _compute;
    private readonly PullBack _pullBack;
    private FrozenMatrix? _offset;

    /// <summary>
    /// A value of the given dimensions that follows from the sources; another derived parameter may be a source through
    /// <paramref name="derivedSources"/>.
    /// </summary>
    public DerivedParameter(string name, long[] dimensions, IReadOnlyList<Parameter> sources, Computation compute, PullBack pullBack,
        IReadOnlyList<DerivedParameter>? derivedSources = null)
    {
        _sources = [.. sources, .. (derivedSources ?? []).Select(d => d._value)];
        _upstream = [.. sources.Select(_ => (DerivedParameter?)null), .. derivedSources ?? []];
        _versions = new long[_sources.Length];
        Array.Fill(_versions, -1);
        _compute = compute;
        _pullBack = pullBack;
        _value = Parameter.Create(name, dimensions);
        foreach (var source in _sources) source.Follow(this);
    }

    /// <summary>A value that a graph of ops computes from the sources; its gradient goes back through the same graph.</summary>
    public static DerivedParameter Of(string name, long[] dimensions, IReadOnlyList<Parameter> sources, Func<Tape, Tensor> graph,
        IReadOnlyList<DerivedParameter>? derivedSources = null) => new(name, dimensions, sources, values =>
    {
        var tape = new Tape();
        graph(tape).CopyTo(values);
        tape.Reset();
        tape.Trim();
    }, gradient =>
    {
        var tape = new Tape { Recording = true };
        var y = graph(tape);
        y.Grad = tape.Input(gradient, y.Rows, y.Columns);
        tape.Backward();
        tape.Reset();
        tape.Trim();
    }, derivedSources);

    /// <summary>
    /// This parameter with a frozen matrix of its shape added to the computed values; asked for before the first use. The gradient is the
    /// same with and without it.
    /// </summary>
    public DerivedParameter Onto(FrozenMatrix matrix)
    {
        Shapes.Require(matrix.Outputs == _value.Rows
            && matrix.Inputs == _value.Columns, $"'{_value.Name}' added to '{matrix.Name}'", $"[{matrix.Outputs}, {matrix.Inputs}]",
            $"[{_value.Rows}, {_value.Columns}]");
        _offset = matrix;
        return this;
    }

    /// <summary>The parameter with its values up to date: what ops take.</summary>
    public Parameter Value
    {
        get
        {
            lock (_gate)
            {
                foreach (var derived in _upstream) _ = derived?.Value;
                _value.Trainable = _sources.Any(s => s.Trainable);
                var stale = false;
                for (var i = 0; i < _sources.Length; i++)
                {
                    stale |= _versions[i] != _sources[i].Version;
                    _versions[i] = _sources[i].Version;
                }

                if (stale) _value.Update(Fill);
                return _value;
            }
        }
    }

    private void Fill(Span<float> values)
    {
        _compute(values);
        _offset?.AddTo(values);
    }

    /// <summary>Carries the gradient that has gathered here over to the sources, and clears it.</summary>
    void IGradientHolder.Settle()
    {
        var gradient = _value.Gradient;
        if (gradient.IsEmpty || gradient.IndexOfAnyExcept(0f) < 0) return;
        _pullBack(gradient);
        gradient.Clear();
    }

    /// <summary>Forgets the gradient that has gathered here.</summary>
    void IGradientHolder.Forget() => _value.ZeroGrad();
}

/// <summary>What holds a part of a parameter's gradient until somebody reads it.</summary>
internal interface IGradientHolder
{
    /// <summary>Adds the part to the parameter's own sum and clears it.</summary>
    void Settle();

    /// <summary>Clears the part.</summary>
    void Forget();
}
