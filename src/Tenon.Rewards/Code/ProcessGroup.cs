using System.Globalization;

namespace Tenon.Rewards.Code;

/// <summary>
/// A limit on processes that the kernel keeps. An ordinary user has one of his own (<c>prlimit --nproc</c> counts inside the sandbox); the
/// administrator
/// is exempt from it, so his code runs in a control group with a limit. Without either a program that only forks would stop the machine
/// before
/// anything that watches it could act.
/// </summary>
internal sealed class ProcessGroup : IDisposable
{
    private static int _number;

    private ProcessGroup(string? folder) => Folder = folder;

    /// <summary>The group's folder; null where the user's own limit is enough.</summary>
    public string? Folder { get; }

    /// <summary>A new limit; null where this machine has none.</summary>
    public static ProcessGroup? Create(int processes)
    {
        if (!Environment.IsPrivilegedProcess) return new ProcessGroup(null);
        foreach (var root in (string[])["/sys/fs/cgroup/pids", "/sys/fs/cgroup"])
        {
            var folder = Path.Combine(root, $"tenon-{Environment.ProcessId}-{Interlocked.Increment(ref _number)}");
            try
            {
                if (!File.Exists(Path.Combine(root, "cgroup.procs"))) continue;
                Directory.CreateDirectory(folder);
                if (File.Exists(Path.Combine(folder, "pids.max")))
                {
                    File.WriteAllText(Path.Combine(folder, "pids.max"), processes.ToString(CultureInfo.InvariantCulture));
                    return new ProcessGroup(folder);
                }

                Directory.Delete(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not ours to make; the next place may be.
            }
        }

        return null;
    }

    /// <summary>The command that joins the group and goes on as another one.</summary>
    public string[] Join(IReadOnlyList<string> command) =>
        Folder is null ? [.. command]
        : ["sh", "-c", "echo $$ > \"$1/cgroup.procs\" || exit 125; shift; exec \"$@\"", "join", Folder, .. command];

    /// <summary>Removes the group; its processes have ended by then.</summary>
    public void Dispose()
    {
        if (Folder is null) return;
        for (var attempt = 0; attempt < 50 && Directory.Exists(Folder); attempt++)
        {
            try
            {
                Directory.Delete(Folder);
            }
            catch (IOException)
            {
                // The kernel is still clearing away the last of them.
                Thread.Sleep(20);
            }
        }
    }
}
