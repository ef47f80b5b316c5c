using Tenon.Tensors;

namespace Tenon.Training;

/// <summary>
/// A teacher's last hidden states of some completions: the teacher's head makes its distributions over the vocabulary of them, a few tokens
/// at a time, wherever a gradient needs them. One vector a token is kept, not a vocabulary.
/// </summary>
public sealed class TeacherStates
{
    private readonly Func<Tape, Tensor, Tensor> _head;
    private readonly float[]?[] _rows;

    /// <summary>States of a batch's rows.</summary>
    /// <param name="head">The teacher's head: hidden rows to logits.</param>
    /// <param name="size">Values of one state.</param>
    /// <param name="weight">Weight of the divergence in this step.</param>
    /// <param name="rows">The states of each row's tokens, one after the other; null where the row has no teacher.</param>
    internal TeacherStates(Func<Tape, Tensor, Tensor> head, int size, double weight, float[]?[] rows) =>
        (_head, Size, Weight, _rows) = (head, size, weight, rows);

    /// <summary>Values of one state.</summary>
    internal int Size { get; }

    /// <summary>Weight of the divergence in this step.</summary>
    internal double Weight { get; }

    /// <summary>True where the row has a teacher whose divergence weighs anything.</summary>
    internal bool Has(int row) => Weight != 0 && _rows[row] is not null;

    /// <summary>Those of some rows, in their order.</summary>
    internal TeacherStates Of(IEnumerable<int> rows) => new(_head, Size, Weight, [.. rows.Select(row => _rows[row])]);

    /// <summary>
    /// The teacher's logits of some tokens, each by its row and its place in the row; rows without a teacher give anything.
    /// </summary>
    internal Tensor Logits(Tape tape, ReadOnlySpan<(int Row, int Token)> places)
    {
        var values = new float[places.Length * Size];
        for (var i = 0; i < places.Length; i++)
            _rows[places[i].Row]?.AsSpan(places[i].Token * Size, Size).CopyTo(values.AsSpan(i * Size));
        return _head(tape, tape.Input(values, places.Length, Size));
    }
}
