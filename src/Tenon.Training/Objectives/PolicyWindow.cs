using Tenon.Tensors.Ops;

namespace Tenon.Training.Objectives;

/// <summary>
/// All tokens of one optimizer step as flat arrays: row i owns the places <c>RowStarts[i] .. RowStarts[i + 1]</c>. The trainer may fill
/// <see cref="Logps"/> micro-batch by micro-batch, just before it asks for that micro-batch's gradient.
/// </summary>
public sealed record PolicyWindow
{
    /// <summary>Rows + 1 places, ascending from 0.</summary>
    public required int[] RowStarts { get; init; }

    /// <summary>Which tokens are loss tokens (tool output and truncated rows already taken out).</summary>
    public required bool[] Mask { get; init; }

    /// <summary>Log-probability of each token under the policy that is trained, at the sampling temperature.</summary>
    public required double[] Logps { get; init; }

    /// <summary>The advantage of each token; see <see cref="Advantages.Broadcast"/> for one a row.</summary>
    public required double[] Advantages { get; init; }

    /// <summary>
    /// True where <see cref="Logps"/> are expected to be those of the policy as it stands (its sampler's, or a first pass's), so that the
    /// gradient may be prepared from them.
    /// </summary>
    public bool IsForeseen { get; init; }

    /// <summary>
    /// Log-probabilities at the start of the batch's updates; null on the first update, where they equal <see cref="Logps"/>.
    /// </summary>
    public double[]? OldLogps { get; init; }

    /// <summary>Log-probabilities under the reference; null where nothing needs them.</summary>
    public double[]? RefLogps { get; init; }

    /// <summary>Log-probabilities that the sampler reported, NaN where it did not; null where the sampler is the trainer.</summary>
    public double[]? SamplerLogps { get; init; }

    /// <summary>Entropy in nats of the distribution each token was drawn from; null where nothing needs it.</summary>
    public double[]? Entropies { get; init; }

    /// <summary>The first row of each group and, at the end, the number of rows; null for one group.</summary>
    public int[]? GroupStarts { get; init; }

    /// <summary>What a teacher's distributions over the vocabulary are made of; null where the loss has no divergence from them.</summary>
    public TeacherStates? Teacher { get; init; }

    /// <summary>
    /// The divergence from the teacher at each token, filled in as the micro-batches are computed; null where there is none.
    /// </summary>
    public TokenDivergence[]? Divergences { get; init; }

    /// <summary>Which rows' outcome is right; null takes those of a positive advantage.</summary>
    public bool[]? Right { get; init; }

    /// <summary>Number of rows.</summary>
    public int Rows => RowStarts.Length - 1;

    /// <summary>The first row of each group and, at the end, the number of rows.</summary>
    internal int[] Groups => GroupStarts ?? [0, Rows];

    /// <summary>True where a row's answer is right.</summary>
    internal bool IsRight(int row) =>
        Right is null ? RowStarts[row] < RowStarts[row + 1] && Advantages[RowStarts[row]] > 0 : Right[row];

    /// <summary>Number of loss tokens of a row.</summary>
    internal int LossTokens(int row) => Mask.AsSpan(RowStarts[row]..RowStarts[row + 1]).Count(true);

    /// <summary>Old log-probability of a token; its own where there is no other.</summary>
    internal double Old(int token) => OldLogps is null ? Logps[token] : OldLogps[token];
}
