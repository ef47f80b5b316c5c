using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters;

/// <summary>
/// s (B A - B0 A0) x for factors that start at A0, B0, as s ((B - B0) A x + B0 (A - A0) x): both terms are zero at the start to the last
/// bit, and nothing large cancels later, so that a small move keeps its digits.
/// </summary>
internal sealed class MovedProduct
{
    private readonly Func<Parameter> _a;
    private readonly Func<Parameter> _b;
    private readonly DerivedParameter _movedA;
    private readonly DerivedParameter _movedB;

    /// <summary>Of trained factors A [r, in], B [out, r]; the starts, zero as yet, get these names.</summary>
    public MovedProduct(Parameter a, Parameter b, string startA, string startB)
        : this(() => a, () => b, startA, startB, [a], [b], [], [])
    {
    }

    /// <summary>Of factors that follow from others.</summary>
    public MovedProduct(DerivedParameter a, DerivedParameter b, string startA, string startB)
        : this(() => a.Value, () => b.Value, startA, startB, [], [], [a], [b])
    {
    }

    private MovedProduct(Func<Parameter> a, Func<Parameter> b, string startA, string startB, Parameter[] plainA, Parameter[] plainB,
        DerivedParameter[] derivedA, DerivedParameter[] derivedB)
    {
        (_a, _b) = (a, b);
        (StartA, StartB) = (Start(startA, a()), Start(startB, b()));
        (_movedA, _movedB) = (Moved(a, StartA, plainA, derivedA), Moved(b, StartB, plainB, derivedB));
    }

    /// <summary>A0 [r, in].</summary>
    public Parameter StartA { get; }

    /// <summary>B0 [out, r].</summary>
    public Parameter StartB { get; }

    /// <summary>Takes the factors as they stand for the start.</summary>
    public void KeepStart()
    {
        StartA.Set(_a().Value);
        StartB.Set(_b().Value);
    }

    /// <summary>Adds it to y [tokens, out] in place; x [tokens, in].</summary>
    public Tensor AddTo(Tape tape, Tensor y, Tensor x, float scale)
    {
        y = tape.MatMulInto(tape.Scale(tape.MatMul(x, _a()), scale), _movedB.Value, y);
        return tape.MatMulInto(tape.Scale(tape.MatMul(x, _movedA.Value), scale), StartB, y);
    }

    /// <summary>
    /// B A - B0 A0 as one product of twice the rank, [B - B0, B0] [A; A - A0]: a reader who multiplies in 16 bits keeps the update's own
    /// digits, where [B, -B0] [A; A0] would leave the rounding of both starts.
    /// </summary>
    public LowRankFactors Factors()
    {
        var (rank, outputs) = ((int)StartA.Rows, (int)StartB.Rows);
        var joined = new float[outputs * 2 * rank];
        for (var o = 0; o < outputs; o++)
        {
            _movedB.Value.Value.Slice(o * rank, rank).CopyTo(joined.AsSpan(o * 2 * rank));
            StartB.Value.Slice(o * rank, rank).CopyTo(joined.AsSpan((o * 2 + 1) * rank));
        }

        return new LowRankFactors([.. _a().ToArray(), .. _movedA.Value.ToArray()], joined, 2 * rank);
    }

    private static Parameter Start(string name, Parameter value)
    {
        var start = Parameter.Create(name, value.Rows, value.Columns);
        start.Trainable = false;
        return start;
    }

    /// <summary>The value less its start.</summary>
    private static DerivedParameter Moved(Func<Parameter> value, Parameter start, Parameter[] plain, DerivedParameter[] derived) =>
        new($"{start.Name}.moved", [.. start.Dimensions], [.. plain, start], values =>
        {
            var now = value().Value;
            for (var i = 0; i < values.Length; i++) values[i] = now[i] - start.Value[i];
        }, gradient =>
        {
            var sum = value().GradientSum;
            for (var i = 0; i < sum.Length; i++) sum[i] += gradient[i];
        }, derived);
}
