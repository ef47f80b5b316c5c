using System.Text.Json.Nodes;
using Tenon.Evaluation.Statistics;
using Tenon.Runs;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Texts;

/// <summary>
/// Perplexity of a text, by token and by byte: the exponential of the mean loss over all tokens (bytes) of all documents, with a 95 %
/// interval over documents as the units that are drawn at random; of a single document its windows are the units.
/// </summary>
/// <param name="PerToken">Nats a token.</param>
/// <param name="PerByte">Nats a byte.</param>
/// <param name="Json">Everything: what <c>summary.json</c> holds.</param>
public sealed record TextFigures(RatioMean PerToken, RatioMean PerByte, JsonObject Json)
{
    /// <summary>What an identity and a summary call an evaluation on a text.</summary>
    public const string Kind = EvaluationResults.TextKind;

    /// <summary>Perplexity by token.</summary>
    public double Perplexity => ExactMath.Exp(PerToken.Value);

    /// <summary>The ends of its interval; NaN where one unit says nothing of others.</summary>
    public (double Low, double High) Interval => Ends(PerToken);

    /// <summary>Figures of scored documents, in the order of their ids.</summary>
    public static TextFigures Of(string name, IReadOnlyList<TextDocumentScore> documents, TextSettings settings,
        EvaluationIdentity identity)
    {
        var (perToken, perByte, units) = Means(documents);
        var (low, high) = Ends(perToken);
        var (byteLow, byteHigh) = Ends(perByte);
        var json = new JsonObject
        {
            ["benchmark"] = name,
            ["kind"] = Kind,
            ["documents"] = documents.Count,
            ["tokens"] = documents.Sum(d => d.Tokens),
            ["bytes"] = documents.Sum(d => d.Bytes),
            ["window"] = settings.Window,
            ["stride"] = settings.Stride,
            ["perplexity"] = RunJson.Finite(ExactMath.Exp(perToken.Value)),
            ["low"] = RunJson.Finite(low),
            ["high"] = RunJson.Finite(high),
            ["nats_per_token"] = RunJson.Finite(perToken.Value),
            ["standard_error"] = RunJson.Finite(perToken.StandardError),
            ["byte_perplexity"] = RunJson.Finite(ExactMath.Exp(perByte.Value)),
            ["byte_low"] = RunJson.Finite(byteLow),
            ["byte_high"] = RunJson.Finite(byteHigh),
            ["bits_per_byte"] = RunJson.Finite(perByte.Value / ExactMath.Log(2)),
            ["interval_units"] = units,
            ["identity"] = identity.Hash,
        };
        return new(perToken, perByte, json);
    }

    /// <summary>Nats by token and by byte over all documents, and what their errors are taken over.</summary>
    internal static (RatioMean PerToken, RatioMean PerByte, string Units) Means(IReadOnlyList<TextDocumentScore> documents)
    {
        var counted = documents.Where(d => d.Tokens > 0).ToList();
        double[] losses = [.. counted.Select(d => d.Loss)], bytes = [.. counted.Select(d => (double)d.Bytes)];
        var perByte = RatioMean.Of(losses, bytes);
        if (counted.Count != 1)
            return (RatioMean.Of(losses, [.. counted.Select(d => (double)d.Tokens)]), perByte, "documents");
        // A document's bytes are given, so that both means have one relative error.
        var parts = counted[0].Parts;
        var perToken = RatioMean.Of([.. parts.Select(p => p.Loss)], [.. parts.Select(p => (double)p.Tokens)]);
        var rate = counted[0].Tokens / bytes[0];
        return (perToken, perToken with { Value = perByte.Value, StandardError = perToken.StandardError * rate }, "windows");
    }

    private static (double Low, double High) Ends(RatioMean mean)
    {
        var (low, high) = mean.Interval();
        return (ExactMath.Exp(low), ExactMath.Exp(high));
    }
}
