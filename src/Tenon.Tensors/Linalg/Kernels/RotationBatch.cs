using System.Runtime.CompilerServices;
using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Linalg.Kernels;

/// <summary>
/// Sweeps of plane rotations of neighbouring rows, gathered and applied together to stripes of 32 columns, so that a stripe stays in the
/// cache for many sweeps and stripes are shared
/// among threads (after Van Zee, van de Geijn and Quintana-Ortí 2014). A rotation (c, s) of rows i and i + 1: x' = c x + s y, y' = c y - s
/// x.
/// </summary>
internal sealed unsafe class RotationBatch
{
    private const int Stripe = 32;

    private readonly Matrix?[] _targets;
    private readonly int[] _counts;
    private readonly List<Sweep> _sweeps = [];
    private readonly double[] _factors;
    private readonly double[] _unused;
    private int _used;

    /// <summary>Rotations for the rows of some matrices of the same number of rows; null where nobody wants the result.</summary>
    public RotationBatch(int rows, params Matrix?[] targets)
    {
        _targets = targets;
        _counts = new int[targets.Length];
        _factors = new double[2 * 64 * Math.Max(rows, 2) * targets.Length];
        _unused = new double[2 * Math.Max(rows, 2)];
    }

    /// <summary>
    /// Room for the rotations of rows first to first + count, which the caller fills in: (c, s) of rows first + k and first + k + 1 at 2k.
    /// They run in ascending order of k, or descending
    /// where <paramref name="backward"/>.
    /// </summary>
    public Span<double> Add(int target, int first, int count, bool backward)
    {
        if (_targets[target] is null) return _unused.AsSpan(0, 2 * count);
        var span = _factors.AsSpan(_used, 2 * count);
        _sweeps.Add(new(target, first, count, backward, _used));
        _used += 2 * count;
        _counts[target]++;
        return span;
    }

    /// <summary>Applies what has gathered if there may be no room for sweeps of <paramref name="count"/> rotations.</summary>
    public void MakeRoom(int count)
    {
        if (_used + (2 * count * _targets.Length) > _factors.Length) Flush();
    }

    /// <summary>Applies all that has gathered.</summary>
    public void Flush()
    {
        for (var t = 0; t < _targets.Length; t++)
        {
            if (_targets[t] is not { } target || _counts[t] == 0) continue;
            var own = _sweeps.Where(s => s.Target == t).ToArray();
            var stripes = (target.Columns + Stripe - 1) / Stripe;
            fixed (double* values = target.Array, factors = _factors)
            {
                var (v, f) = ((nint)values, (nint)factors);
                var (rows, columns) = (target.Rows, target.Columns);
                if ((long)own.Length * rows * columns < 50_000)
                    for (var s = 0; s < stripes; s++) ApplyTo((double*)v, rows, columns, s, own, (double*)f);
                else Split.Run(stripes, s => ApplyTo((double*)v, rows, columns, s, own, (double*)f));
            }
        }

        _sweeps.Clear();
        Array.Clear(_counts);
        _used = 0;
    }

    private static void ApplyTo(double* values, int rows, int columns, int stripe, Sweep[] sweeps, double* factors)
    {
        var (first, end) = (int.MaxValue, 0);
        foreach (var sweep in sweeps) (first, end) = (Math.Min(first, sweep.First), Math.Max(end, sweep.First + sweep.Count + 1));
        var (column, wide) = (stripe * Stripe, Math.Min(Stripe, columns - (stripe * Stripe)));
        var packed = _t_packed is { } held && held.Length >= rows * Stripe ? held : _t_packed = new double[rows * Stripe];
        fixed (double* p = packed)
        {
            for (nint i = first; i < end; i++)
                new Span<double>(values + (i * columns) + column, wide).CopyTo(new Span<double>(p + (i * Stripe), wide));
            foreach (var sweep in sweeps)
            {
                var line = p + ((nint)sweep.First * Stripe);
                KernelSet.Best.Rotate(line, sweep.Count, sweep.Backward, factors + sweep.At);
            }

            for (nint i = first; i < end; i++)
                new Span<double>(p + (i * Stripe), wide).CopyTo(new Span<double>(values + (i * columns) + column, wide));
        }
    }

    /// <summary>One sweep over a packed stripe; the row that two neighbours share stays in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run<TOps, TV>(double* line, int count, bool backward, double* factors)
        where TOps : unmanaged, IEight<TV>
        where TV : unmanaged
    {
        nint step = backward ? -Stripe : Stripe;
        if (backward)
        {
            line += (nint)count * Stripe;
            factors += 2 * (count - 1);
        }

        var (a, b, e, g) = (TOps.Load(line), TOps.Load(line + 8), TOps.Load(line + 16), TOps.Load(line + 24));
        for (var k = 0; k < count; k++, line += step, factors += backward ? -2 : 2)
        {
            // Seen from the held row the two directions differ in the sign of s alone: forward it is x, backward y.
            var next = line + step;
            var (c, s) = (TOps.Broadcast(factors[0]), TOps.Broadcast(backward ? -factors[1] : factors[1]));
            var minus = TOps.Broadcast(backward ? factors[1] : -factors[1]);
            a = Turn<TOps, TV>(c, s, minus, a, line, next);
            b = Turn<TOps, TV>(c, s, minus, b, line + 8, next + 8);
            e = Turn<TOps, TV>(c, s, minus, e, line + 16, next + 16);
            g = Turn<TOps, TV>(c, s, minus, g, line + 24, next + 24);
        }

        TOps.Store(a, line);
        TOps.Store(b, line + 8);
        TOps.Store(e, line + 16);
        TOps.Store(g, line + 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TV Turn<TOps, TV>(TV c, TV s, TV minus, TV held, double* line, double* next)
        where TOps : unmanaged, IEight<TV>
        where TV : unmanaged
    {
        var other = TOps.Load(next);
        TOps.Store(TOps.Fma(s, other, TOps.Multiply(c, held)), line);
        return TOps.Fma(minus, held, TOps.Multiply(c, other));
    }

    [ThreadStatic]
    private static double[]? _t_packed;

    private readonly record struct Sweep(int Target, int First, int Count, bool Backward, int At);
}
