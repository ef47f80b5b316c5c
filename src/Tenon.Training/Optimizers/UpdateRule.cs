// One optimizer's arithmetic, over float32 in training and float64 in the tests that hold it to its reference. Every rule works value by
// value in
// one written order, without reductions (where a norm is needed it is summed in float64 in one fixed order), so its bits depend on nothing
// else.
using System.Numerics;

namespace Tenon.Training.Optimizers;

/// <summary>A tensor's shape as rules see it.</summary>
/// <param name="Rows">Rows of the matrix view; 1 for a vector.</param>
/// <param name="Columns">Columns of the matrix view.</param>
/// <param name="IsMatrix">True where the tensor has two dimensions or more: what Muon and the factored rules look at.</param>
internal readonly record struct TensorShape(int Rows, int Columns, bool IsMatrix)
{
    /// <summary>Number of values.</summary>
    public int Length => Rows * Columns;
}

/// <summary>What changes from update to update.</summary>
/// <param name="Number">The update's number, from 1.</param>
/// <param name="LearningRate">Learning rate of this tensor now.</param>
/// <param name="WeightDecay">Weight decay of this tensor.</param>
internal readonly record struct UpdateArguments(long Number, double LearningRate, double WeightDecay);

/// <summary>The state that a rule keeps for one tensor: named arrays, saved and restored as they are.</summary>
/// <param name="Name">What it is, unique within the rule.</param>
/// <param name="Values">Its values.</param>
internal sealed record StateArray<T>(string Name, T[] Values);

/// <summary>An update rule.</summary>
internal abstract class UpdateRule<T> where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>The state of a tensor before its first update.</summary>
    public abstract IReadOnlyList<StateArray<T>> NewState(TensorShape shape);

    /// <summary>Changes the values by one update; the gradient is only read.</summary>
    public abstract void Apply(Span<T> values, ReadOnlySpan<T> gradient, TensorShape shape, IReadOnlyList<StateArray<T>> state,
        UpdateArguments arguments);

    /// <summary>A number of the recipe in the type that values have.</summary>
    protected static T Of(double value) => T.CreateTruncating(value);

    /// <summary>a + (b - a) w, from the nearer end, so that w = 0 and w = 1 give a and b exactly.</summary>
    protected static T Lerp(T a, T b, T w) => w < Of(0.5) ? a + w * (b - a) : b - (b - a) * (T.One - w);

    /// <summary>Zeros under a name.</summary>
    protected static StateArray<T> Zeros(string name, int length) => new(name, new T[length]);

    /// <summary>Root of the sum of squares.</summary>
    protected static double Norm(ReadOnlySpan<T> values) => Math.Sqrt(GradientClipping.Squares(values));
}

/// <summary>beta^n by squaring: a fixed order of products, the same on every machine.</summary>
internal static class Powers
{
    /// <summary>base^exponent.</summary>
    public static double Of(double @base, long exponent)
    {
        var (result, square) = (1.0, @base);
        for (; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) == 1) result *= square;
            square *= square;
        }
        return result;
    }
}
