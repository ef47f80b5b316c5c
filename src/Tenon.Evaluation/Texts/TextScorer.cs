using Tenon.Models;
using Tenon.Models.Layers;
using Tenon.Runs.Evaluations;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Evaluation.Texts;

/// <summary>A document and its ids, without special tokens.</summary>
public sealed record EncodedDocument(TextDocument Document, int[] Ids);

/// <summary>
/// How well a model predicts documents: the negative log-probability of every token, in nats, each window read behind one begin token. A
/// document's numbers depend on the document, the model and the settings alone, whatever else is in a batch.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="begin">
/// The token that stands before a document's first; null where the model knows none: a document's first token then counts nowhere.
/// </param>
/// <param name="settings">Windows.</param>
/// <param name="precision">Rounding of products with frozen weights.</param>
/// <param name="batch">Tokens read side by side at most.</param>
public sealed class TextScorer(
    CausalModel model, int? begin, TextSettings settings, Precision precision = Precision.F32, int batch = 4096)
{
    private readonly Tape _tape = new(null, precision) { Recording = false };

    /// <summary>One window of a document: ids to read, of which those from <paramref name="Counted"/> on are predicted and count.</summary>
    private sealed record Piece(int Document, int[] Ids, int Counted);

    /// <summary>
    /// Scores documents, in order; each is handed to <paramref name="done"/> once it is whole, on the caller's thread.
    /// </summary>
    public void Score(IReadOnlyList<EncodedDocument> documents, IAdapter? adapter, Action<TextDocumentScore> done,
        CancellationToken cancel = default)
    {
        var waiting = new List<Piece>();
        var parts = new Dictionary<int, List<TextPart>>();
        var expected = new Dictionary<int, int>();
        for (var d = 0; d < documents.Count; d++)
        {
            var pieces = Pieces(d, documents[d].Ids).ToList();
            (parts[d], expected[d]) = ([], pieces.Count);
            if (pieces.Count == 0) Close(d);
            foreach (var piece in pieces)
            {
                if (waiting.Count > 0 && waiting.Sum(w => w.Ids.Length) + piece.Ids.Length > batch) Read();
                waiting.Add(piece);
            }
        }

        if (waiting.Count > 0) Read();

        void Read()
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var (piece, part) in waiting.Zip(Losses(waiting, adapter)))
            {
                parts[piece.Document].Add(part);
                if (parts[piece.Document].Count == expected[piece.Document]) Close(piece.Document);
            }

            waiting.Clear();
        }

        void Close(int d)
        {
            done(new TextDocumentScore(documents[d].Document.Id, documents[d].Document.Bytes, parts[d]));
            parts.Remove(d);
        }
    }

    /// <summary>Windows behind their begin token; without one a window begins with the token before it, where there is one.</summary>
    private IEnumerable<Piece> Pieces(int document, int[] ids)
    {
        if (begin is { } first)
        {
            foreach (var (start, length, counted) in settings.Windows(ids.Length))
                yield return new(document, [first, .. ids.AsSpan(start, length)], counted + 1);
            yield break;
        }

        foreach (var (start, length, counted) in settings.Windows(Math.Max(0, ids.Length - 1)))
            yield return new(document, [.. ids.AsSpan(start, length + 1)], counted + 1);
    }

    private IEnumerable<TextPart> Losses(List<Piece> pieces, IAdapter? adapter)
    {
        _tape.Reset();
        // The last token of a window predicts nothing.
        int[][] read = [.. pieces.Select(p => p.Ids[..^1])];
        var tokens = TokenBatch.Of(read, adapter);
        var hidden = model.Forward(_tape, tokens);
        var (rows, targets) = (new List<int>(), new List<int>());
        var start = 0;
        foreach (var piece in pieces)
        {
            for (var t = piece.Counted; t < piece.Ids.Length; t++)
            {
                rows.Add(start + t - 1);
                targets.Add(piece.Ids[t]);
            }

            start += piece.Ids.Length - 1;
        }

        var logp = model.LogProbabilities(_tape, _tape.SelectRows(hidden, [.. rows]), [.. targets], tokens).LogProbabilities;
        var at = 0;
        foreach (var piece in pieces)
        {
            var (loss, count) = (0.0, piece.Ids.Length - piece.Counted);
            for (var t = 0; t < count; t++) loss -= logp[at++];
            yield return new(count, loss);
        }
    }
}
