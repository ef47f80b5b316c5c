using Tenon.Tensors.Linalg;

namespace Tenon.Evaluation.Spectra;

/// <summary>How many entries of a weight an update leaves (nearly) alone, as shares of all entries.</summary>
/// <param name="Zero">dW = 0.</param>
/// <param name="Below1e5">|dW| at most 1e-5.</param>
/// <param name="Below1e5OfWeight">|dW| at most 1e-5 |W|.</param>
/// <param name="Below1e3OfLarger">|dW| at most 1e-3 max(|W|, |W'|).</param>
/// <param name="SameInBf16">W and W' equal after rounding to float32 and then to bfloat16.</param>
public sealed record UpdateSparsity(double Zero, double Below1e5, double Below1e5OfWeight, double Below1e3OfLarger, double SameInBf16)
{
    /// <summary>Counts over a weight and its update of the same shape.</summary>
    public static UpdateSparsity Of(Matrix w, Matrix dw)
    {
        var counts = new long[5];
        var from = w.Values;
        var by = dw.Values;
        for (var i = 0; i < from.Length; i++)
        {
            var (weight, step) = (from[i], Math.Abs(by[i]));
            var after = weight + by[i];
            if (step == 0) counts[0]++;
            if (step <= 1e-5) counts[1]++;
            if (step <= 1e-5 * Math.Abs(weight)) counts[2]++;
            if (step <= 1e-3 * Math.Max(Math.Abs(weight), Math.Abs(after))) counts[3]++;
            if (Bf16((float)weight) == Bf16((float)after)) counts[4]++;
        }

        var all = Math.Max(1, from.Length);
        double Share(int i) => (double)counts[i] / all;
        return new(Share(0), Share(1), Share(2), Share(3), Share(4));
    }

    /// <summary>Rounded to nearest, ties to even, as a float so that -0 equals 0.</summary>
    private static float Bf16(float x)
    {
        var bits = BitConverter.SingleToUInt32Bits(x);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}
