using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Ops;

/// <summary>Drawing from a row of logits by the same row routine that the trainer's log-probabilities come from.</summary>
public static unsafe class LogitSampling
{
    private const int Block = 1024;

    /// <summary>
    /// Draws a token from softmax(logits / temperature) by inverting the cumulative sum in vocabulary order (blocks of 1024, float64 over
    /// blocks);
    /// the row is divided by the temperature in place. The log-probability is the one that <see cref="TokenHead"/> computes for this token.
    /// </summary>
    public static int Draw(Span<float> logits, double inverseTemperature, double uniform, out float logProbability)
    {
        fixed (float* z = logits)
        {
            var n = logits.Length;
            var weights = Scratch.Floats(ScratchUse.Op, n);
            var stats = LogitRow.Read(z, n, (float)inverseTemperature, -1, weights, out _);
            var blocks = (n + Block - 1) / Block;
            Span<double> sums = blocks <= 512 ? stackalloc double[blocks] : new double[blocks];
            var total = 0.0;
            for (var b = 0; b < blocks; b++)
            {
                sums[b] = RowKernels.Sum(weights + b * Block, Math.Min(Block, n - b * Block));
                total += sums[b];
            }

            var id = Find(weights, n, sums, uniform * total);
            logProbability = LogitRow.LogProbability(z[id], stats);
            return id;
        }
    }

    private static int Find(float* weights, int n, ReadOnlySpan<double> sums, double target)
    {
        var block = 0;
        var mass = 0.0;
        while (block < sums.Length - 1 && mass + sums[block] <= target) mass += sums[block++];
        var last = -1;
        for (var i = block * Block; i < n; i++)
        {
            if (weights[i] == 0) continue;
            last = i;
            mass += weights[i];
            if (target < mass) return i;
        }

        // Rounding can leave the target just above the last sum: the last token of any weight is then the one.
        for (var i = n - 1; last < 0; i--)
            if (weights[i] > 0) last = i;
        return last;
    }

    /// <summary>log p(id) under softmax(logits / temperature); the row is divided in place.</summary>
    public static float LogProbability(Span<float> logits, double inverseTemperature, int id)
    {
        fixed (float* z = logits)
        {
            var stats = LogitRow.Read(z, logits.Length, (float)inverseTemperature, id, out var logit);
            return LogitRow.LogProbability(logit, stats);
        }
    }
}
