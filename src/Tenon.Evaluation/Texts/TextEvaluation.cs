using System.Text.Json.Nodes;
using Tenon.Models;
using Tenon.Models.Layers;
using Tenon.Runs.Evaluations;
using Tenon.Tensors;
using Tenon.Text.Tokenizers;

namespace Tenon.Evaluation.Texts;

/// <summary>
/// Perplexity of a text under a model, for a run's own evaluations and for <c>tenon eval --text</c>: each document is on disk as soon as it
/// is scored, and the same call goes on where it was stopped, to the same bytes.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="tokenizer">Its tokenizer.</param>
/// <param name="corpus">The text.</param>
/// <param name="settings">Windows.</param>
/// <param name="precision">Rounding of products with frozen weights.</param>
public sealed class TextEvaluation(
    CausalModel model, TokenizerSource tokenizer, TextCorpus corpus, TextSettings settings, Precision precision)
{
    private readonly IReadOnlyList<EncodedDocument> _documents =
        [.. corpus.Documents.Select(d => new EncodedDocument(d, tokenizer.Tokenizer.Encode(d.Text)))];

    // As lm-evaluation-harness does: the begin token, or the end token where there is none.
    private readonly int? _begin = Special(tokenizer, "bos_token") ?? tokenizer.EosTokenId;

    /// <summary>What identifies this evaluation: model and adapter, the text, how it is cut, numerics.</summary>
    /// <param name="adapter">What is known of the adapter, its fingerprint at least; null for the base model.</param>
    /// <param name="step">The step of a run's own evaluation.</param>
    public EvaluationIdentity Identity(JsonNode? adapter, int? step = null)
    {
        var identity = new JsonObject
        {
            ["benchmark"] = corpus.Name,
            ["kind"] = TextFigures.Kind,
            ["documents"] = _documents.Count,
            ["text_sha256"] = Hash(_documents.Select(d => $"{d.Document.Id}\0{d.Document.Text}")),
            ["model"] = model.Fingerprint,
            ["adapter"] = adapter?.DeepClone(),
            ["tokenizer"] = new JsonObject
            {
                ["begin"] = _begin,
                ["ids_sha256"] = Hash(_documents.Select(d => $"{d.Document.Id}\0{string.Join(' ', d.Ids)}")),
            },
            ["windows"] = settings.ToJson(),
            ["precision"] = precision.ToString().ToLowerInvariant(),
            ["numerics"] = Numerics.Of(precision),
            ["tier"] = precision.NamedTier(),
        };
        if (step is { } at) identity["step"] = at;
        return new EvaluationIdentity(identity);
    }

    /// <summary>Scores what the folder does not hold yet; gives the figures, which the folder's summary has too.</summary>
    /// <param name="folder">An evaluation of this identity.</param>
    /// <param name="identity">The identity.</param>
    /// <param name="adapter">The adapter that answers; null for the base model.</param>
    /// <param name="progress">Is told the documents that are done, of how many.</param>
    /// <param name="cancel">Gives the evaluation up at the next batch of windows; what is done stays.</param>
    public TextFigures Run(TextFolder folder, EvaluationIdentity identity, IAdapter? adapter = null, Action<int, int>? progress = null,
        CancellationToken cancel = default)
    {
        var missing = _documents.Where(d => !folder.Documents.ContainsKey(d.Document.Id)).ToList();
        progress?.Invoke(folder.Documents.Count, _documents.Count);
        new TextScorer(model, _begin, settings, precision).Score(missing, adapter, score =>
        {
            folder.Append([score]);
            progress?.Invoke(folder.Documents.Count, _documents.Count);
        }, cancel);
        var figures = TextFigures.Of(corpus.Name, [.. folder.Ordered()], settings, identity);
        folder.Finish(figures.Json);
        return figures;
    }

    private static int? Special(TokenizerSource tokenizer, string name) =>
        tokenizer.SpecialTokens.TryGetValue(name, out var token) && token is not null ? tokenizer.Tokenizer.IdOf(token) : null;

    // Of the documents' own hashes in order, so that their order in the file does not matter.
    private static string Hash(IEnumerable<string> documents) =>
        EvaluationIdentity.Sha256(string.Join('\n', documents.Select(EvaluationIdentity.Sha256).Order(StringComparer.Ordinal)));
}
