using Tenon.Tensors;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Linalg;
using Tenon.Tests.Tensors.Ops;

namespace Tenon.Tests.Tensors.Kernels;

/// <summary>The transforms of sixteen tokens beside the float64 ones.</summary>
public unsafe class TokenFourierTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(12)]
    [InlineData(64)]
    [InlineData(90)]
    [InlineData(97)]
    [InlineData(576)]
    [InlineData(896)]
    public void Equal_the_float_64_transform(int length)
    {
        const int tokens = TokenFourier.Tokens;
        var (x, y) = (GradientCheck.Random("re", length, tokens), GradientCheck.Random("im", length, tokens));
        var plan = TokenFourier.Plan(length);
        var scratch = Tensor.Zeros(2 * length, tokens);
        foreach (var sign in new[] { 1, -1 })
        {
            var (re, im) = (Tensor.From(x.Value, length, tokens), Tensor.From(y.Value, length, tokens));
            TokenFourier.Transform(&plan, re.Data, im.Data, scratch.Data, sign);
            var (reference, exact) = (new Fourier(length), 0.0);
            var (largest, difference) = (0.0, 0.0);
            for (var t = 0; t < tokens; t++)
            {
                var (a, b) = (Column(x, t), Column(y, t));
                reference.Transform(a, b, inverse: sign == 1);
                for (var k = 0; k < length; k++)
                {
                    largest = Math.Max(largest, Math.Max(Math.Abs(a[k]), Math.Abs(b[k])));
                    difference = Math.Max(difference, Math.Max(Math.Abs(a[k] - re.Row(k)[t]), Math.Abs(b[k] - im.Row(k)[t])));
                }
            }

            exact = largest * 1e-6;
            difference.ShouldBeLessThanOrEqualTo(exact, $"length {length}, sign {sign}");
        }
    }

    private static double[] Column(Parameter p, int column) =>
        [.. Enumerable.Range(0, (int)p.Rows).Select(r => (double)p.Value[r * (int)p.Columns + column])];
}
