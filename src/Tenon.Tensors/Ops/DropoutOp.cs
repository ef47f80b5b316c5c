
namespace Tenon.Tensors.Ops;

/// <summary>
/// Inverted dropout: y = x * mask / (1 - p). Which values stay follows from the place of the token (<see cref="DropoutPlaces"/>), the layer
/// and the column, so
/// that no cut into batches and no recomputation changes a mask.
/// </summary>
public static unsafe class DropoutOp
{
    /// <summary>
    /// x with a share <paramref name="rate"/> of its values dropped; x itself where the tape drops nothing or the rate is 0.
    /// </summary>
    public static Tensor Dropout(this Tape tape, Tensor x, double rate, int layer)
    {
        return rate == 0 || tape.Dropping is not { } places ? x : Dropped(tape, x, rate, layer, places);
    }

    private static Tensor Dropped(Tape tape, Tensor x, double rate, int layer, DropoutPlaces places)
    {
        Shapes.Require(places.Rows.Count == x.Rows, "dropout", $"{places.Rows.Count} rows, one for each token of the batch", $"{x.Rows}");
        var y = tape.New(x.Rows, x.Columns);
        Apply(places, x, y, rate, layer, accumulate: false);
        if (tape.Needs(x))
            tape.Record(y, () =>
            {
                var dx = tape.GradOf(x, out var fresh);
                Apply(places, y.Grad!, dx, rate, layer, accumulate: !fresh);
            });
        return y;
    }

    private static void Apply(DropoutPlaces places, Tensor from, Tensor to, double rate, int layer, bool accumulate)
    {
        var key = new RandomKey(places.Seed);
        var threshold = (uint)Math.Min(uint.MaxValue, rate * 4294967296.0);
        var scale = (float)(1 / (1 - rate));
        for (nint r = 0; r < from.Rows; r++)
        {
            var (row, position) = places.Rows[(int)r];
            var source = from.Row(r);
            var target = to.Row(r);
            for (nint c = 0; c < from.Columns; c += 4)
            {
                var block = key.Block(RandomPurpose.Dropout, places.Step, (uint)row, (uint)position, ((uint)layer << 16) + (uint)(c >> 2));
                for (var i = 0; i < 4 && c + i < from.Columns; i++)
                {
                    var word = i switch { 0 => block.X, 1 => block.Y, 2 => block.Z, _ => block.W };
                    var value = word < threshold ? 0 : source[c + i] * scale;
                    target[c + i] = accumulate ? target[c + i] + value : value;
                }
            }
        }
    }
}

/// <summary>Where the rows of a pass stand: what dropout masks are drawn by.</summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Step">Optimizer step.</param>
/// <param name="Rows">For each token of the batch: its completion (or prompt) within the step, and its position.</param>
public sealed record DropoutPlaces(ulong Seed, int Step, IReadOnlyList<(int Row, int Position)> Rows);
