using Tenon.Tensors.Ops;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>The gradients of a micro-batch's loss by each token's log-probability and entropy, between the window and the head.</summary>
internal sealed class TokenSlopes
{
    // Rows of neighbouring groups lie side by side in the window: stretches of them, each with its first token of the micro-batch.
    private readonly List<(int FirstRow, int EndRow, int Start, int At, int Count)> _stretches = [];
    private readonly double[] _divergences = [];

    /// <summary>Room for the tokens of a micro-batch.</summary>
    /// <param name="micro">The micro-batch.</param>
    /// <param name="rows">The window's rows, in the order in which micro-batches count completions.</param>
    /// <param name="window">The whole step.</param>
    /// <param name="withEntropies">True where entropies have a gradient.</param>
    /// <param name="divergence">The divergence from a teacher's distributions, where the window has one.</param>
    public TokenSlopes(MicroBatch micro, IReadOnlyList<int> rows, PolicyWindow window, bool withEntropies, DivergenceChoice divergence)
    {
        var at = 0;
        for (int i = micro.FirstRow, next; i < micro.EndRow; i = next)
        {
            for (next = i + 1; next < micro.EndRow && rows[next] == rows[next - 1] + 1;) next++;
            var start = window.RowStarts[rows[i]];
            var count = window.RowStarts[rows[next - 1] + 1] - start;
            _stretches.Add((rows[i], rows[next - 1] + 1, start, at, count));
            at += count;
        }

        Logps = new float[at];
        Entropies = withEntropies ? new float[at] : null;
        if (window.Teacher is not { } teacher) return;
        var places = new (int Row, int Token)[at];
        foreach (var (firstRow, endRow, start, first, _) in _stretches)
            for (var row = firstRow; row < endRow; row++)
                for (var token = window.RowStarts[row]; token < window.RowStarts[row + 1]; token++)
                    places[first + token - start] = (row, token - window.RowStarts[row]);
        _divergences = new double[at];
        Teacher = new VocabularyTeacher(
            (tape, first, count) => teacher.Logits(tape, places.AsSpan(first, count)), divergence, _divergences);
    }

    /// <summary>By each divergence from a teacher, and the teacher; null where there is none.</summary>
    public VocabularyTeacher? Teacher { get; }

    /// <summary>By each log-probability, in the order of the head's rows.</summary>
    public float[] Logps { get; }

    /// <summary>By each entropy; null where there is none.</summary>
    public float[]? Entropies { get; }

    /// <summary>Fills them from the window as it stands.</summary>
    public void Fill(ObjectiveSettings objective, PolicyWindow window, LossPlan plan, double[] gradLogps, double[] gradEntropies)
    {
        foreach (var (firstRow, endRow, start, at, count) in _stretches)
        {
            PolicyLoss.AddSlopes(objective, window, plan, firstRow, endRow, gradLogps, gradEntropies,
                Teacher is null ? [] : _divergences.AsSpan(at, count), totals: null);
            for (var t = 0; t < count; t++)
            {
                Logps[at + t] = (float)gradLogps[start + t];
                if (Entropies is not null) Entropies[at + t] = (float)gradEntropies[start + t];
            }
        }
    }

    /// <summary>Takes the divergences of the pass into the window.</summary>
    public void TakeDivergences(PolicyWindow window)
    {
        if (window.Divergences is not { } divergences || Teacher is null) return;
        foreach (var (_, _, start, at, count) in _stretches) Teacher.Values.AsSpan(at, count).CopyTo(divergences.AsSpan(start));
    }

    /// <summary>Takes the head's log-probabilities and entropies into the window; true where the former stood there already.</summary>
    public bool Read(TokenHead head, PolicyWindow window)
    {
        var equal = true;
        foreach (var (_, _, start, at, count) in _stretches)
            for (var t = 0; t < count; t++)
            {
                double logp = head.LogProbabilities[at + t];
                equal &= BitConverter.DoubleToInt64Bits(logp) == BitConverter.DoubleToInt64Bits(window.Logps[start + t]);
                window.Logps[start + t] = logp;
                if (window.Entropies is { } entropies) entropies[start + t] = head.Entropies[at + t];
            }

        return equal;
    }
}
