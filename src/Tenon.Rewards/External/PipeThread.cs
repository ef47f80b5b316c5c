namespace Tenon.Rewards.External;

/// <summary>
/// Work that waits on another process's pipe, on a thread of its own: in a pool whose threads all judge completions it would wait for one
/// to be free, and the process's time limit would run out before its input had reached it.
/// </summary>
internal static class PipeThread
{
    /// <summary>Starts the work at once.</summary>
    /// <param name="work">What reads or writes the pipe to its end.</param>
    /// <returns>A task that ends with the work.</returns>
    public static Task Start(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
