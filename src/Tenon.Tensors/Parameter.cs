using Tenon.Tensors.Memory;

namespace Tenon.Tensors;

/// <summary>
/// A small float32 tensor that lives as long as the model: what an adapter trains (or holds fixed beside the frozen weights). It has a
/// gradient that accumulates until <see cref="ZeroGrad"/>, and a version that every change of its values raises, so that
/// packed copies know when they are stale.
/// </summary>
public sealed unsafe class Parameter : Tensor
{
    private Tensor? _transposed;
    private long _transposedVersion = -1;
    private List<IGradientHolder>? _followers;
    private Parameter? _aliasOf;
    private long _version;

    private Parameter(TensorMemory buffer, string name, long[] dimensions, nint rows, nint columns)
        : base(buffer, (float*)buffer.Pointer, rows, columns)
    {
        Name = name;
        Dimensions = dimensions;
    }

    /// <summary>Its name, unique in its adapter or model (an adapter file's key).</summary>
    public string Name { get; }

    /// <summary>The shape as files have it; the matrix view is [first, product of the rest], a vector [1, length].</summary>
    public IReadOnlyList<long> Dimensions { get; }

    /// <summary>Raised by every change of the values.</summary>
    public long Version => _aliasOf?.Version ?? _version;

    /// <summary>True where the optimizer may change it.</summary>
    public bool Trainable { get => RequiresGrad; set => RequiresGrad = value; }

    /// <summary>A new parameter, all zero, trainable.</summary>
    public static Parameter Create(string name, params long[] dimensions)
    {
        foreach (var dimension in dimensions)
            Shapes.Require(dimension >= 0, $"parameter '{name}'", "dimensions of 0 or more", string.Join(" x ", dimensions));
        var rows = dimensions.Length >= 2 ? dimensions[0] : 1;
        var columns = 1L;
        for (var i = dimensions.Length >= 2 ? 1 : 0; i < dimensions.Length; i++) columns *= dimensions[i];
        var buffer = new TensorMemory(NativeBuffer.Allocate((nint)Math.Max(1, rows * columns) * sizeof(float)));
        return new Parameter(buffer, name, dimensions, (nint)rows, (nint)columns) { RequiresGrad = true };
    }

    /// <summary>The values, to be changed only inside <see cref="Update"/>.</summary>
    public ReadOnlySpan<float> Value => Values;

    /// <summary>
    /// The gradient, what has gathered in derived parameters included; empty where nothing has flowed here since the parameter was made.
    /// </summary>
    public Span<float> Gradient
    {
        get
        {
            Settle();
            return Grad is null ? [] : Grad.Values;
        }
    }

    /// <summary>The gradient as a span, made (all zero) where there is none yet.</summary>
    public Span<float> GradientOrZero()
    {
        Settle();
        return GradientSum;
    }

    /// <summary>The gradient without what derived parameters still hold: what their pull-back adds to.</summary>
    public Span<float> GradientSum => (Grad ??= Zeros(Rows, Columns)).Values;

    /// <summary>Sets the gradient to zero and keeps its memory.</summary>
    public void ZeroGrad()
    {
        if (_followers is not null)
            foreach (var follower in _followers) follower.Forget();
        Grad?.Values.Clear();
    }

    internal void Follow(IGradientHolder follower) => (_followers ??= []).Add(follower);

    /// <summary>
    /// The same values under a second name with a gradient of its own, which is added to this one's when that is read: for a matrix that a
    /// model uses in two places, so
    /// that each place sums its tokens in order whatever the cut into batches.
    /// </summary>
    public Parameter Alias(string name)
    {
        var alias = new Parameter(Buffer, name, [.. Dimensions], Rows, Columns) { RequiresGrad = RequiresGrad, _aliasOf = this };
        Follow(new AliasGradient(this, alias));
        return alias;
    }

    private void Changed()
    {
        if (_aliasOf is not null) _aliasOf.Changed();
        else _version++;
    }

    private sealed class AliasGradient(Parameter source, Parameter alias) : IGradientHolder
    {
        public void Settle()
        {
            var gradient = alias.Gradient;
            if (gradient.IsEmpty) return;
            var sum = source.GradientSum;
            for (var i = 0; i < sum.Length; i++) sum[i] += gradient[i];
            gradient.Clear();
        }

        public void Forget() => alias.ZeroGrad();
    }

    private void Settle()
    {
        if (_followers is null) return;
        foreach (var follower in _followers) follower.Settle();
    }

    /// <summary>Replaces all values.</summary>
    public void Set(ReadOnlySpan<float> values)
    {
        Shapes.Require(values.Length == Length, $"parameter '{Name}'", $"{Length} values", $"{values.Length}");
        values.CopyTo(Values);
        Changed();
    }

    /// <summary>Lets <paramref name="change"/> edit the values in place, and raises the version.</summary>
    public void Update(SpanEdit change)
    {
        change(Values);
        Changed();
    }

    /// <summary>Edits a span in place.</summary>
    public delegate void SpanEdit(Span<float> values);

    /// <summary>[columns, rows]: the transposed copy that products with narrow matrices read; packed again only after a change.</summary>
    internal Tensor Transposed()
    {
        if (_transposed is not null && _transposedVersion == Version) return _transposed;
        _transposed ??= Zeros(Columns, Rows);
        Kernels.Transpose.Blocked(Data, Rows, Columns, _transposed.Data);
        _transposedVersion = Version;
        return _transposed;
    }
}
