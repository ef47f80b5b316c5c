using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters;

/// <summary>
/// A trained factor for each output of a layer, y = c o (W x + u), at no pass over the activations (<see cref="ScaledOps"/>): what is added
/// to the product is scaled beforehand, and c's gradient comes from y.
/// That asks for factors that are not zero.
/// </summary>
internal sealed class OutputScale
{
    private readonly Func<Parameter> _value;
    private readonly DerivedParameter _logarithm;

    /// <summary>By the factors themselves [out].</summary>
    public OutputScale(Parameter scale)
        : this(scale.Name, scale.Length, () => scale, [scale], [])
    {
    }

    /// <summary>By factors that follow from others [out].</summary>
    public OutputScale(string name, long outputs, DerivedParameter scale)
        : this(name, outputs, () => scale.Value, [], [scale])
    {
    }

    private OutputScale(string name, long outputs, Func<Parameter> value, IReadOnlyList<Parameter> sources,
        IReadOnlyList<DerivedParameter> derived)
    {
        _value = value;
        // ScaledBy gives the gradient by ln c.
        _logarithm = new DerivedParameter($"{name}.logarithm", [outputs], sources, values => value().Value.CopyTo(values), gradient =>
        {
            var c = value();
            var sum = c.GradientSum;
            for (var o = 0; o < sum.Length; o++)
                if (gradient[o] != 0) sum[o] += gradient[o] / c.Value[o];
        }, derived);
    }

    /// <summary>c as it stands.</summary>
    public Parameter Value => _value();

    /// <summary>True where the scaled sum tells the unscaled one.</summary>
    public bool IsInvertible => !Value.Value.Contains(0f);

    /// <summary>Gives c its gradient by y, which is c o something.</summary>
    public Tensor Of(Tape tape, Tensor y) => tape.ScaledBy(y, _logarithm.Value);

    /// <summary>The rows of a parameter [out, columns] times their factors.</summary>
    public DerivedParameter Rows(string name, Parameter source, int columns) =>
        new(name, [.. source.Dimensions], [source], values => Multiply(source.Value, values, columns, add: false),
        gradient => Multiply(gradient, source.GradientSum, columns, add: true), [_logarithm]);

    private void Multiply(ReadOnlySpan<float> source, Span<float> target, int columns, bool add)
    {
        var scale = Value.Value;
        for (var o = 0; o < scale.Length; o++)
            for (var k = o * columns; k < (o + 1) * columns; k++) target[k] = scale[o] * source[k] + (add ? target[k] : 0);
    }
}
