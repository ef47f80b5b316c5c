using Orleans.Concurrency;
using Tenon.Cluster.Workers;

namespace Tenon.Cluster.Grains;

/// <summary>The door to a worker's machine; answers while it computes.</summary>
[WorkerPlacement, Reentrant]
internal sealed class WorkerGrain(WorkerMachine machine) : Grain, IWorkerGrain
{
    /// <inheritdoc/>
    public Task<bool> Live() => Task.FromResult(true);

    /// <inheritdoc/>
    public Task<WorkerFacts> Facts() => Task.FromResult(machine.Facts);

    /// <inheritdoc/>
    public Task<BaseAnswer> Base(BaseQuestion question) => machine.Base(question);

    /// <inheritdoc/>
    public Task TakeAdapter(Guid run, string sha256, byte[] snapshot)
    {
        machine.TakeAdapter(run, sha256, snapshot);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ShardAnswer> Sample(ShardRequest request) => machine.Sample(request);

    /// <inheritdoc/>
    public Task Drop(Guid work)
    {
        machine.Drop(work);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<bool> Sees(string study, string token) => Task.FromResult(machine.Sees(study, token));

    /// <inheritdoc/>
    public Task<CellAnswer> Run(CellRequest request) => machine.Cells.Run(request);

    /// <inheritdoc/>
    public Task<int> Steps(Guid work) => Task.FromResult(machine.Cells.Steps(work));

    /// <inheritdoc/>
    public Task<byte[]> Read(Guid work, string path, long offset, int length) =>
        Task.FromResult(machine.Cells.Read(work, path, offset, length));

    /// <inheritdoc/>
    public Task Forget(Guid work)
    {
        machine.Cells.Forget(work);
        return Task.CompletedTask;
    }
}
