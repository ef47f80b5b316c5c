using System.Text.Json.Nodes;

namespace Tenon.Runs.Evaluations;

/// <summary>A window of a document.</summary>
/// <param name="Tokens">Tokens that count in it.</param>
/// <param name="Loss">Sum of their negative log-probabilities in nats.</param>
public readonly record struct TextPart(int Tokens, double Loss);

/// <summary>A line of a text evaluation's <c>documents.jsonl</c>: how well a model predicts one document.</summary>
/// <param name="Document">The document's id.</param>
/// <param name="Bytes">Bytes of its UTF-8 text.</param>
/// <param name="Parts">Its windows, in order.</param>
public sealed record TextDocumentScore(string Document, long Bytes, IReadOnlyList<TextPart> Parts)
{
    /// <summary>Tokens that were predicted.</summary>
    public long Tokens => Parts.Sum(p => (long)p.Tokens);

    /// <summary>Sum of their negative log-probabilities in nats; NaN where the model gave no finite number.</summary>
    public double Loss => Parts.Sum(p => p.Loss);

    /// <summary>The line.</summary>
    public JsonObject ToJson() => new()
    {
        ["document"] = Document,
        ["bytes"] = Bytes,
        ["tokens"] = Tokens,
        ["loss"] = RunJson.Finite(Loss),
        ["parts"] = new JsonArray([.. Parts.Select(p => new JsonArray(p.Tokens, RunJson.Finite(p.Loss)))]),
    };

    /// <summary>Reads a line back; null where it is incomplete.</summary>
    public static TextDocumentScore? Read(string line)
    {
        if (RunJson.Parse(line) is not { } json || RunJson.Text(json["document"]) is not { } id
            || RunJson.Whole(json["bytes"]) is not { } bytes || json["parts"] is not JsonArray parts) return null;
        return new(id, bytes, [.. parts.OfType<JsonArray>().Where(p => p.Count == 2)
            .Select(p => new TextPart((int)(RunJson.Whole(p[0]) ?? 0), RunJson.Number(p[1])))]);
    }
}
