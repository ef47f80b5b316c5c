using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters;

/// <summary>
/// s (B A - B0 A0) x for factors that start at A0, B0, as s ((B - B0) A x + B0 (A - A0) x): both terms are zero at the start to the last bit, and nothing large cancels later, so that a small move keeps its digits.
/// </summary>
internal sealed class MovedProduct
{
    private readonly Func<Parameter> a;
    private readonly Parameter startB;
    private readonly DerivedParameter movedA;
    private readonly DerivedParameter movedB;

    /// <summary>Of trained factors A [r, in], B [out, r] and their fixed starts.</summary>
    public MovedProduct(Parameter a, Parameter b, Parameter startA, Parameter startB)
        : this(() => a, startB, Moved(() => a, startA, [a], []), Moved(() => b, startB, [b], []))
    {
    }

    /// <summary>Of factors that follow from others.</summary>
    public MovedProduct(DerivedParameter a, DerivedParameter b, Parameter startA, Parameter startB)
        : this(() => a.Value, startB, Moved(() => a.Value, startA, [], [a]), Moved(() => b.Value, startB, [], [b]))
    {
    }

    private MovedProduct(Func<Parameter> a, Parameter startB, DerivedParameter movedA, DerivedParameter movedB) =>
        (this.a, this.startB, this.movedA, this.movedB) = (a, startB, movedA, movedB);

    /// <summary>Adds it to y [tokens, out] in place; x [tokens, in].</summary>
    public Tensor AddTo(Tape tape, Tensor y, Tensor x, float scale)
    {
        y = tape.MatMulInto(tape.Scale(tape.MatMul(x, a()), scale), movedB.Value, y);
        return tape.MatMulInto(tape.Scale(tape.MatMul(x, movedA.Value), scale), startB, y);
    }

    /// <summary>The value less its start.</summary>
    private static DerivedParameter Moved(Func<Parameter> value, Parameter start, IReadOnlyList<Parameter> sources, IReadOnlyList<DerivedParameter> derived) =>
        new($"{start.Name}.moved", [.. start.Dimensions], [.. sources, start], values =>
        {
            var (now, then) = (value(), start);
            for (var i = 0; i < values.Length; i++) values[i] = now.Value[i] - then.Value[i];
        }, gradient =>
        {
            var sum = value().GradientSum;
            for (var i = 0; i < sum.Length; i++) sum[i] += gradient[i];
        }, derived);
}
