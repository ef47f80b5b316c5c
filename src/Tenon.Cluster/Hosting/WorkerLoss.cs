namespace Tenon.Cluster;

/// <summary>
/// Told when a worker can be none any more: others have declared it dead because it did not answer, or its pod was deleted. Orleans' own
/// handler would end the process with a stack trace.
/// </summary>
internal sealed class WorkerLoss : IFatalErrorHandler
{
    private readonly TaskCompletionSource<string> _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the worker is lost, with the reason.</summary>
    public Task<string> Told => _told.Task;

    /// <inheritdoc/>
    public bool IsUnexpected(Exception exception) => true;

    /// <inheritdoc/>
    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null) =>
        _told.TrySetResult((exception?.GetBaseException().Message ?? context ?? "a fault").Split('\n')[0].Split(" Membership: ")[0]);
}
