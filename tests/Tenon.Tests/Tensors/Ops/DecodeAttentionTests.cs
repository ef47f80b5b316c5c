using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tests.Tensors.Kernels;

namespace Tenon.Tests.Tensors.Ops;

/// <summary>Attention of one token a sequence, of many sequences at once: the bits that each has alone.</summary>
public class DecodeAttentionTests
{
    private const int Size = 20;

    [Theory]
    [InlineData(6, 2, 9, 70, Precision.F32)]
    [InlineData(3, 3, 5, 40, Precision.F32)]
    [InlineData(8, 1, 11, 64, Precision.Int8)]
    [InlineData(14, 2, 3, 95, Precision.F32)]
    [InlineData(14, 2, 3, 95, Precision.Bf16)]
    public void Sequences_that_share_a_prompt_have_the_bits_that_each_has_alone(
        int heads, int kvHeads, int sequences, int shared, Precision precision)
    {
        var tape = new Tape(precision: precision);
        var (q, k, v) = (Rows(tape, sequences, heads, 1), Rows(tape, sequences, kvHeads, 2), Rows(tape, sequences, kvHeads, 3));
        var (together, alone) = (Filled(tape, kvHeads, sequences, shared), Filled(tape, kvHeads, sequences, shared));
        var runs = Enumerable.Range(0, sequences).Select(i => new TokenRun(i, 1, Position(i, shared))).ToArray();
        var pages = Enumerable.Range(0, sequences).Select(i => Pages(i, shared)).ToArray();

        var all = tape.AttentionCached(q, k, v, heads, AttentionLayout.ForCache(runs, pages), together);

        for (var i = 0; i < sequences; i++)
        {
            var one = tape.AttentionCached(tape.Rows(q, i, 1), tape.Rows(k, i, 1), tape.Rows(v, i, 1), heads,
                AttentionLayout.ForCache([new TokenRun(0, 1, Position(i, shared))], [pages[i]]), alone);
            all.RowToArray(i).ShouldBeSameBits(one.ToArray(), $"sequence {i}");
        }
    }

    [Theory]
    [InlineData(Precision.F32)]
    [InlineData(Precision.Bf16)]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int8A16)]
    public void A_token_has_the_bits_that_it_has_in_a_batch_of_the_whole_sequence(Precision precision)
    {
        const int heads = 6, kvHeads = 2, length = 75;
        var tape = new Tape(precision: precision);
        var (q, k, v) = (Rows(tape, length, heads, 1), Rows(tape, length, kvHeads, 2), Rows(tape, length, kvHeads, 3));
        var whole = tape.Attention(q, k, v, heads, kvHeads, AttentionLayout.ForBatch([new TokenRun(0, length, 0)]));

        var cache = KvPages.Create(3, kvHeads, Size, precision);
        int[] pages = [2, 0, 1];
        for (var t = 0; t < length; t++)
        {
            var one = tape.AttentionCached(tape.Rows(q, t, 1), tape.Rows(k, t, 1), tape.Rows(v, t, 1), heads,
                AttentionLayout.ForCache([new TokenRun(0, 1, t)], [pages]), cache);
            one.ToArray().ShouldBeSameBits(whole.RowToArray(t), $"position {t}");
        }
    }

    // Sequences of different lengths, a page or more beyond the shared ones for some.
    private static int Position(int sequence, int shared) => shared + (sequence * 13 % 50);

    // Shared pages first; then pages of the sequence's own.
    private static int[] Pages(int sequence, int shared)
    {
        var whole = shared / AttentionLayout.PageSize;
        return [.. Enumerable.Range(0, whole + 4).Select(p => p < whole ? p : whole + (sequence * 4) + p - whole)];
    }

    private static Tensor Rows(Tape tape, int rows, int heads, uint seed) =>
        tape.Input(Samples.Uniform(rows * heads * Size, seed), rows, heads * Size);

    // A cache in which every sequence's earlier positions stand.
    private static KvPages Filled(Tape tape, int kvHeads, int sequences, int shared)
    {
        var cache = KvPages.Create(shared / AttentionLayout.PageSize + (4 * sequences), kvHeads, Size, tape.Precision);
        for (var i = 0; i < sequences; i++)
        {
            var length = Position(i, shared);
            var (k, v) = (Rows(tape, length, kvHeads, 7), Rows(tape, length, kvHeads, 8));
            tape.AttentionCached(Rows(tape, length, kvHeads, 9), k, v, kvHeads,
                AttentionLayout.ForCache([new TokenRun(0, length, 0)], [Pages(i, shared)]), cache);
        }

        return cache;
    }
}
