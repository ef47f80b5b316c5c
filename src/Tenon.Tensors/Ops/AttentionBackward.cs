using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Ops;

/// <summary>
/// Backward of <see cref="AttentionOp"/>: with P the softmax, D = rowsum(dO o O): dV = Pᵀ dO, dP = dO Vᵀ, dS = P o (dP - D) / sqrt(size),
/// dQ = dS K, dK = dSᵀ Q.
/// Gradients of a position's key and value sum over the runs in row order, then heads, then tokens, on one accumulator: a shared prompt
/// collects
/// its completions' gradients in that order whatever the tile. A part is one tree of runs and one key/value head.
/// </summary>
internal static unsafe class AttentionBackward
{
    private struct Context
    {
        public float* Q, K, V, O, Dq, Dk, Dv, Do;
        public nint QRow, KRow;
        public int Heads, KvHeads, Size;
        public float Scale;
        public GCHandle<AttentionLayout> Layout;
    }

    public static void Run(Tape tape, Tensor q, Tensor k, Tensor v, Tensor o, int heads, int keyValueHeads, AttentionLayout layout,
        int layer)
    {
        var size = (int)(q.Columns / heads);
        var dq = tape.GradZeroed(q);
        var dk = tape.GradZeroed(k);
        var dv = tape.GradZeroed(v);
        layout.Held?.Restore(layer, dk, dv);
        using var handle = new GCHandle<AttentionLayout>(layout);
        var context = new Context
        {
            Q = q.Data, K = k.Data, V = v.Data, O = o.Data, Dq = dq.Data, Dk = dk.Data, Dv = dv.Data, Do = o.Grad!.Data, QRow = q.Columns,
            KRow = k.Columns,
            Heads = heads, KvHeads = keyValueHeads, Size = size, Scale = AttentionOp.ScaleOf(size), Layout = handle,
        };
        tape.Pool.Run(layout.Trees.Length * keyValueHeads, &context, &Part, "attention, gradient");
        layout.Held?.Save(layer, dk, dv);
    }

    private static void Part(Context* c, int part)
    {
        var layout = c->Layout.Target;
        var tree = layout.Trees[part / c->KvHeads];
        var kvHead = part % c->KvHeads;
        // Rows ascend: completions come before the prompt that they share, as the batch lays them out.
        var ordered = (int[])tree.Clone();
        Array.Sort(ordered, (a, b) => layout.Runs[a].Start.CompareTo(layout.Runs[b].Start));
        foreach (var r in ordered) OneRun(c, layout, r, kvHead);
    }

    private static void OneRun(Context* c, AttentionLayout layout, int r, int kvHead)
    {
        var run = layout.Runs[r];
        var size = c->Size;
        var keys = run.Position + run.Length;
        var padded = AttentionOp.PaddedKeys(keys);
        var group = c->Heads / c->KvHeads;
        var chain = Chain(layout, r);

        // Scratch: keys and values of the whole context, transposed to [size, keys], and two score tiles.
        var tile = AttentionLayout.QueryTile * padded;
        var scratch = Scratch.Floats(ScratchUse.Op, 2 * size * padded + 2 * tile);
        var keysT = scratch;
        var valuesT = keysT + size * padded;
        var p = valuesT + size * padded;
        var dp = p + tile;
        foreach (var s in chain)
        {
            var at = s.Start * c->KRow + kvHead * size;
            Transpose.Blocked(c->K + at, s.Length, size, c->KRow, keysT + s.Position, padded);
            Transpose.Blocked(c->V + at, s.Length, size, c->KRow, valuesT + s.Position, padded);
        }

        for (var h = 0; h < group; h++)
            for (var first = 0; first < run.Length; first += AttentionLayout.QueryTile)
                OneTile(c, run, chain, first, kvHead * group + h, kvHead, keysT, valuesT, padded, p, dp);
    }

    private static void OneTile(Context* c, TokenRun run, TokenRun[] chain, int first, int head, int kvHead, float* keysT, float* valuesT,
        nint padded, float* p, float* dp)
    {
        var size = c->Size;
        var m = Math.Min(AttentionLayout.QueryTile, run.Length - first);
        var limit = run.Position + first + 1;
        var keys = limit + m - 1;
        var at = (run.Start + first) * c->QRow + head * size;
        var q = c->Q + at;
        var dO = c->Do + at;

        Gemm.Multiply(m, keys, size, q, c->QRow, 1, keysT, padded, p, padded, accumulate: false);
        Gemm.Multiply(m, keys, size, dO, c->QRow, 1, valuesT, padded, dp, padded, accumulate: false);
        for (var i = 0; i < m; i++)
        {
            var row = p + i * padded;
            var seen = limit + i;
            RowKernels.Scale(row, c->Scale, seen);
            var sum = RowKernels.ExpSum(row, seen, RowKernels.Max(row, seen), row);
            RowKernels.Scale(row, 1f / sum, seen);
            var d = RowKernels.Dot(dO + i * c->QRow, c->O + at + i * c->QRow, size);
            ScoreGradient(row, dp + i * padded, d, c->Scale, seen);
            new Span<float>(row + seen, keys - seen).Clear();
            new Span<float>(dp + i * padded + seen, keys - seen).Clear();
        }

        var firstSegment = true;
        foreach (var s in chain)
        {
            var n = Math.Min(s.Length, keys - s.Position);
            if (n <= 0) break;
            var kv = s.Start * c->KRow + kvHead * size;
            Gemm.Multiply(m, size, n, dp + s.Position, padded, 1, c->K + kv, c->KRow, c->Dq + at, c->QRow, accumulate: !firstSegment);
            Gemm.Multiply(n, size, m, p + s.Position, 1, padded, dO, c->QRow, c->Dv + kv, c->KRow, accumulate: true);
            Gemm.Multiply(n, size, m, dp + s.Position, 1, padded, q, c->QRow, c->Dk + kv, c->KRow, accumulate: true);
            firstSegment = false;
        }
    }

    /// <summary>dp = p * (dp - d) * scale; elementwise, so any vector width gives the same bits.</summary>
    private static void ScoreGradient(float* p, float* dp, float d, float scale, int n)
    {
        var i = 0;
        var vd = Vector256.Create(d);
        var vs = Vector256.Create(scale);
        for (; i + 8 <= n; i += 8) (Vector256.Load(p + i) * (Vector256.Load(dp + i) - vd) * vs).Store(dp + i);
        for (; i < n; i++) dp[i] = p[i] * (dp[i] - d) * scale;
    }

    /// <summary>The run and its prefixes, first positions first.</summary>
    private static TokenRun[] Chain(AttentionLayout layout, int r)
    {
        var chain = new List<TokenRun>();
        for (var i = r; i >= 0; i = layout.Runs[i].Prefix) chain.Add(layout.Runs[i]);
        chain.Reverse();
        return [.. chain];
    }
}
