using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tenon.Models.Generation;
using Tenon.Rollouts;

namespace Tenon.Cluster.Rollouts;

/// <summary>The completions of several requests, in their order.</summary>
internal sealed record RolloutGroups(IReadOnlyList<IReadOnlyList<GeneratedSample>> Groups);

/// <summary>Requests and completions as JSON, every number to the bit.</summary>
internal static class RolloutMessages
{
    private static readonly JsonSerializerOptions S_options = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static byte[] Write(IReadOnlyList<RolloutRequest> requests) => JsonSerializer.SerializeToUtf8Bytes(requests, S_options);

    public static IReadOnlyList<RolloutRequest> ReadRequests(byte[] bytes) => Read<List<RolloutRequest>>(bytes);

    public static byte[] Write(RolloutGroups groups) => JsonSerializer.SerializeToUtf8Bytes(groups.Groups, S_options);

    /// <exception cref="TenonException">The bytes are no answer to the requests.</exception>
    public static RolloutGroups ReadGroups(byte[] bytes, IReadOnlyList<RolloutRequest> requests)
    {
        var groups = Read<List<List<GeneratedSample>>>(bytes);
        if (groups.Count != requests.Count || groups.Zip(requests).Any(pair => !Fits(pair.First, pair.Second)))
            throw new TenonException("an answer", "the completions that were asked for", "others");
        return new RolloutGroups(groups);
    }

    /// <summary>True where two completions are the same to the bit.</summary>
    public static bool Same(GeneratedSample a, GeneratedSample b) => a.Finish == b.Finish && a.Ids.AsSpan().SequenceEqual(b.Ids)
        && Same(a.LogProbabilities, b.LogProbabilities) && Same(a.FullLogProbabilities, b.FullLogProbabilities);

    // What is no number has many bits, and a text keeps none of them.
    private static bool Same(float[] a, float[] b) => a.Length == b.Length && a.Zip(b).All(pair =>
        BitConverter.SingleToInt32Bits(pair.First) == BitConverter.SingleToInt32Bits(pair.Second)
        || (float.IsNaN(pair.First) && float.IsNaN(pair.Second)));

    private static bool Fits(List<GeneratedSample> samples, RolloutRequest request) => samples.Count == request.Samples
        && samples.Select((sample, i) => sample is { Ids: { Length: > 0 } ids, LogProbabilities: not null, FullLogProbabilities: not null }
            && sample.Sample == request.FirstSample + i && ids.Length <= request.MaxNewTokens
            && sample.LogProbabilities.Length == ids.Length && sample.FullLogProbabilities.Length == ids.Length).All(fits => fits);

    private static T Read<T>(byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(bytes, S_options) ?? throw new TenonException("a message of the cluster", "JSON", "null");
        }
        catch (JsonException e)
        {
            throw new TenonException("a message of the cluster", "what this version writes", e.Message, inner: e);
        }
    }
}
