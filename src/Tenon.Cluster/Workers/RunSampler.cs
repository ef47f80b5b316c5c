using Tenon.Adapters;
using Tenon.Cluster.Grains;
using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Rollouts;
using Tenon.Tensors;

namespace Tenon.Cluster.Workers;

/// <summary>What a worker keeps of one run: its model's slots, its adapter, its engine. One caller at a time.</summary>
internal sealed class RunSampler : IDisposable
{
    private readonly CausalModel _model;
    private readonly LocalSampler _sampler;
    private AdapterSet? _adapter;

    public RunSampler(CausalModel model, ShardRequest request)
    {
        _model = model.Share(request.MaxLength);
        _sampler = new LocalSampler(_model, new GeneratorOptions
        {
            Concurrency = request.Concurrency,
            SharePrompts = request.SharePrompts,
            Speculate = request.Speculate,
            Precision = Precisions.Of(request.Base.Precision),
        });
    }

    /// <summary>Fingerprint of the adapter's values; empty for none.</summary>
    public string Adapter { get; private set; } = "";

    /// <summary>Puts the adapter of a snapshot in place of the one before.</summary>
    public void Take(string sha256, byte[] snapshot)
    {
        _adapter?.Dispose();
        (_adapter, Adapter) = (null, "");
        _adapter = AdapterSnapshot.Read(_model, snapshot);
        if (_adapter.Sha256() is var found && found != sha256)
            throw new TenonException("the adapter that arrived", $"fingerprint {sha256}", found, "it was changed on its way");
        Adapter = sha256;
    }

    /// <summary>The completions of each request, in order; null where it was given up.</summary>
    public IReadOnlyList<GeneratedSample>[]? Sample(IReadOnlyList<RolloutRequest> requests, bool bare, CancellationToken drop)
    {
        var groups = new IReadOnlyList<GeneratedSample>[requests.Count];
        for (var i = 0; i < groups.Length; i++)
        {
            var index = i;
            Check(requests[i]);
            _sampler.Submit(requests[i], bare ? null : _adapter, samples => groups[index] = [.. samples]);
        }

        while (_sampler.Step())
        {
            if (!drop.IsCancellationRequested) continue;
            _sampler.CancelAll();
            return null;
        }

        return groups;
    }

    /// <inheritdoc/>
    public void Dispose() => _adapter?.Dispose();

    private void Check(RolloutRequest request)
    {
        if (request.Model != _model.Fingerprint)
            throw new TenonException("a rollout request", $"model {_model.Fingerprint}", request.Model);
        if (Numerics.Of(Precisions.Of(request.Precision)) is var numerics && request.Numerics != numerics)
            throw new TenonException("a rollout request", $"numerics {numerics}", $"{request.Numerics}");
    }
}
