namespace Tenon.Models.Generation;

/// <summary>
/// Samples requests that are all known beforehand: everything is submitted to a <see cref="GenerationEngine"/>, which runs to the end.
/// </summary>
public sealed class Generator(CausalModel model, GeneratorOptions options)
{
    private readonly GenerationEngine _engine = new(model, options);

    /// <summary>Tokens that were drafted (<see cref="GeneratorOptions.Speculate"/>) and computed, by all calls so far.</summary>
    public long DraftedTokens => _engine.DraftedTokens;

    /// <summary>Drafted tokens that the model chose, too.</summary>
    public long AcceptedTokens => _engine.AcceptedTokens;

    /// <summary>
    /// Samples all requests and returns them ordered by request, then sample. <paramref name="onToken"/> sees each token (request, sample,
    /// id) as it is chosen.
    /// A fault or a cancellation leaves nothing behind: the next call begins anew.
    /// </summary>
    public IReadOnlyList<GeneratedSample> Generate(IReadOnlyList<GenerationRequest> requests, Action<int, int, int>? onToken =
        null, CancellationToken cancel = default)
    {
        var finished = new List<GeneratedSample>();
        try
        {
            for (var r = 0; r < requests.Count; r++)
            {
                var index = r;
                _engine.Submit(requests[r], s => finished.Add(s with { Request = index }), onToken is null ? null
                    : (sample, token) => onToken(index, sample, token.Id));
            }

            while (_engine.Step()) cancel.ThrowIfCancellationRequested();
        }
        finally
        {
            _engine.CancelAll();
        }

        return [.. finished.OrderBy(s => s.Request).ThenBy(s => s.Sample)];
    }
}
