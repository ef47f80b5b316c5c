using System.Runtime.Intrinsics;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Ops;

/// <summary>What one row of logits says: shared by the sampler and the trainer, so that both read the same bits.</summary>
/// <param name="Max">Largest logit after the temperature.</param>
/// <param name="LogSum">log(sum exp(z - max)).</param>
/// <param name="Entropy">Entropy of the distribution in nats.</param>
public readonly record struct LogitStats(float Max, float LogSum, float Entropy);

/// <summary>The row routine behind every log-probability.</summary>
internal static unsafe class LogitRow
{
    /// <summary>
    /// Divides the row by the temperature in place and reads its statistics; <paramref name="target"/> below 0 reads none.
    /// </summary>
    public static LogitStats Read(float* z, nint n, float inverseTemperature, int target, out float targetLogit) =>
        Read(z, n, inverseTemperature, target, Scratch.Floats(ScratchUse.Op, n), out targetLogit);

    /// <summary>The same, leaving exp(z - max) in <paramref name="weights"/>.</summary>
    public static LogitStats Read(float* z, nint n, float inverseTemperature, int target, float* weights, out float targetLogit)
    {
        if (inverseTemperature != 1) RowKernels.Scale(z, inverseTemperature, n);
        targetLogit = target >= 0 ? z[target] : 0;
        var max = RowKernels.Max(z, n);
        var sum = RowKernels.ExpSum(z, n, max, weights);
        var mean = RowKernels.Dot(weights, z, n) / sum;
        var logSum = ExactMath.Log(sum);
        return new LogitStats(max, logSum, logSum - (mean - max));
    }

    /// <summary>Sum of squared probabilities, from the exp(z - max) that reading the row has left.</summary>
    public static float SumOfSquares(float* weights, nint n, LogitStats stats)
    {
        var inverse = ExactMath.Exp(-stats.LogSum);
        return RowKernels.Dot(weights, weights, n) * inverse * inverse;
    }

    public static float LogProbability(float logit, LogitStats stats) => logit - stats.Max - stats.LogSum;

    /// <summary>
    /// z becomes the gradient by the undivided logits: (dlogp (1[y] - p) - dH p (log p + H)) / temperature, log p = z - max - logSum.
    /// <paramref name="isDivided"/>: z went through <see cref="Read(float*, nint, float, int, out float)"/> already.
    /// </summary>
    public static void Gradient(float* z, nint n, float inverseTemperature, int target, float dlogp, float dentropy, float max,
        float logSum, float entropy, bool isDivided)
    {
        if (dlogp == 0 && dentropy == 0)
        {
            new Span<float>(z, (int)n).Clear();
            return;
        }

        if (inverseTemperature != 1 && !isDivided) RowKernels.Scale(z, inverseTemperature, n);
        var p = Scratch.Floats(ScratchUse.Op, n);
        var sum = RowKernels.ExpSum(z, n, max, p);
        var inverse = 1f / sum;
        // Elementwise from here on: any vector width gives the same bits.
        var i = 0;
        var shift = -max - logSum + entropy;
        for (; i + 8 <= n; i += 8)
        {
            var probability = Vector256.Load(p + i) * Vector256.Create(inverse);
            var slope = dentropy == 0 ? Vector256.Create(-dlogp)
                : Vector256.Create(-dlogp) - (Vector256.Load(z + i) + Vector256.Create(shift)) * Vector256.Create(dentropy);
            (probability * slope * Vector256.Create(inverseTemperature)).Store(z + i);
        }

        for (; i < n; i++)
        {
            var slope = dentropy == 0 ? -dlogp : -dlogp - (z[i] + shift) * dentropy;
            z[i] = p[i] * inverse * slope * inverseTemperature;
        }

        if (target >= 0) z[target] += dlogp * inverseTemperature;
    }
}
