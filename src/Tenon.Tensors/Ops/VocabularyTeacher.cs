namespace Tenon.Tensors.Ops;

/// <summary>A divergence between two distributions over the vocabulary: p the policy's, q its teacher's.</summary>
public enum DivergenceKind
{
    /// <summary>sum q (log q - log p): the policy has to cover all that its teacher finds likely.</summary>
    ForwardKl,

    /// <summary>sum p (log p - log q): the policy has to stay where its teacher finds it likely.</summary>
    ReverseKl,

    /// <summary>beta sum q log(q / m) + (1 - beta) sum p log(p / m), m = beta q + (1 - beta) p.</summary>
    JensenShannon,
}

/// <summary>Which divergence is taken, and over what.</summary>
/// <param name="Kind">The divergence.</param>
/// <param name="Beta">beta of <see cref="DivergenceKind.JensenShannon"/>, within 0 and 1.</param>
/// <param name="Top">
/// Only this many tokens, the policy's likeliest, stand by themselves; all others are one outcome with their probability together. 0 for
/// all.
/// </param>
/// <param name="Bound">An outcome's part of the divergence counts up to this and has no gradient beyond.</param>
public readonly record struct DivergenceChoice(
    DivergenceKind Kind, double Beta = 0.5, int Top = 0, double Bound = double.PositiveInfinity);

/// <summary>The divergence at one token.</summary>
/// <param name="Value">In nats; NaN where none was taken.</param>
/// <param name="Tail">The policy's probability of all tokens that are one outcome; 0 where each stands by itself.</param>
/// <param name="IsHeld">True where the bound holds an outcome.</param>
public readonly record struct TokenDivergence(double Value, double Tail, bool IsHeld);

/// <summary>
/// A teacher's distributions beside those of a <see cref="TokenHead"/>: its logits are made for a few rows at a time, as the head's are, so
/// that neither ever exists for all tokens.
/// </summary>
/// <param name="logits">
/// Makes the teacher's logits, before the temperature, for so many rows of the head from a first one on; rows without a teacher hold
/// anything.
/// </param>
/// <param name="choice">The divergence.</param>
/// <param name="slopes">Gradient of the loss by each row's divergence; rows with 0 have none.</param>
public sealed class VocabularyTeacher(Func<Tape, int, int, Tensor> logits, DivergenceChoice choice, double[] slopes)
{
    /// <summary>The divergence of each row, known after the head's backward pass.</summary>
    public TokenDivergence[] Values { get; } = NoValues(slopes.Length);

    internal DivergenceChoice Choice => choice;

    internal double[] Slopes => slopes;

    /// <summary>The logits of some rows; null where none of them has a slope.</summary>
    internal Tensor? Logits(Tape tape, int first, int rows)
    {
        if (!slopes.AsSpan(first, rows).ContainsAnyExcept(0.0)) return null;
        var recording = tape.Recording;
        tape.Recording = false;
        var result = logits(tape, first, rows);
        tape.Recording = recording;
        Shapes.Require(result.Rows == rows, "a teacher's logits", $"{rows} rows", $"{result.Rows}");
        return result;
    }

    private static TokenDivergence[] NoValues(int count)
    {
        var values = new TokenDivergence[count];
        Array.Fill(values, new TokenDivergence(double.NaN, 0, false));
        return values;
    }
}
