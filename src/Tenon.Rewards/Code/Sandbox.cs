using System.Globalization;

namespace Tenon.Rewards.Code;

/// <summary>
/// Keeps code from network, files and other processes with what Linux gives any user: <c>unshare</c> makes namespaces for users, mounts,
/// processes,
/// network and shared memory; in them every mount is made read-only except a fresh <c>/tmp</c> of limited size, all capabilities are
/// dropped, and
/// limits on processor time, file size and processes are set. When the outermost process ends, the kernel ends all that are inside.
/// Not hidden are the files that the user may read (<c>hide</c> names folders to cover); speed, load and the clock can be seen.
/// </summary>
internal sealed class Sandbox(int diskMegabytes, int processes, double cpuSeconds, long? addressBytes, IReadOnlyList<string> hidden)
{
    private const double ProbeSeconds = 20;
    private const int StartFailed = 125;
    private const int OpenFiles = 256;
    // Runtimes have threads of their own, which count as processes here.
    internal const int ThreadAllowance = 128;

    // $1 the folder with the code, $2 megabytes of /tmp, $3 a folder that stays writable or -, $4 how many folders to hide, then these and
    // the command.
    private const string Script = """
        set -eu
        dir=$1 size=$2 kept=$3 hidden=$4; shift 4
        stop() { echo "sandbox: $1" >&2; exit 125; }
        mount --make-rprivate / || stop "mounts cannot be made private"
        cd "$dir"
        mount -t tmpfs -o "size=${size}m,nosuid,nodev,mode=700" tmpfs /tmp || stop "/tmp cannot be mounted"
        # What lay below the old /tmp is out of sight already.
        while [ "$hidden" -gt 0 ]; do
          [ ! -d "$1" ] || mount -t tmpfs -o size=4k,mode=755 tmpfs "$1" || stop "$1 cannot be hidden"
          hidden=$((hidden - 1)); shift
        done
        [ -d "$dir" ] || mkdir -p "$dir"
        mount --no-canonicalize --bind . "$dir" || stop "the folder cannot be bound"
        # Sockets of services live here. Some systems keep their programs here too.
        [ -d /run/current-system ] || mount -t tmpfs -o size=4k,mode=755 tmpfs /run || stop "/run cannot be covered"
        while read -r _ point _ options _; do
          point=$(printf "$point")
          # A mount that lies under one of those above cannot be reached.
          if [ "$point" = /tmp ] || [ "$point" = "$kept" ] || [ ! -e "$point" ]; then continue; fi
          same=
          for option in nosuid nodev noexec noatime nodiratime relatime; do
            case ",$options," in *",$option,"*) same=$same,$option ;; esac
          done
          mount -o "remount,bind,ro$same" "$point" || stop "$point cannot be made read-only"
        done < /proc/self/mounts
        cd /tmp
        exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all sh -c '"$@"; code=$?; [ "$code" -eq 125 ] && code=1; exit "$code"' sh "$@"
        """;

    private static readonly string[] Needed = ["unshare", "mount", "setpriv", "prlimit", "sh"];
    private static readonly Lazy<string?> Probed = new(() => Probe(OperatingSystem.IsLinux(), Programs.Find, ProcessGroup.Create));

    /// <summary>Why code cannot be isolated on this machine; null where it can.</summary>
    public static string? Unavailable => Probed.Value;

    /// <summary>What an isolated process sees of the environment.</summary>
    public static Dictionary<string, string> Environment(string home) => new()
    {
        ["PATH"] = System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
        ["HOME"] = home,
        ["TMPDIR"] = home,
        ["LANG"] = "C.UTF-8",
        // The same code has the same verdict: the order of Python's sets follows this seed.
        ["PYTHONHASHSEED"] = "0",
        ["PYTHONDONTWRITEBYTECODE"] = "1",
        ["DOTNET_CLI_HOME"] = home,
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_SKIP_FIRST_TIME_EXPERIENCE"] = "1",
        ["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "0",
        ["MSBUILDDISABLENODEREUSE"] = "1",
    };

    /// <summary>The command that runs another one in the sandbox; its folder is read-only unless it is to be written to.</summary>
    public string[] Command(string folder, bool writable, IReadOnlyList<string> command) =>
    [
        "unshare", "--map-root-user", "--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc", "sh", "-c", Script,
            "sandbox",
        folder, Text(diskMegabytes), writable ? folder : "-", Text(hidden.Count), .. hidden.Select(Path.GetFullPath), .. Limits, .. command,
    ];

    /// <summary>The command that runs another one with the limits alone, where the system has a way to set them.</summary>
    public string[] Unisolated(IReadOnlyList<string> command) => Programs.Find("prlimit") is null ? [.. command] : [.. Limits, .. command];

    /// <summary>True where it was the sandbox that failed, not the code in it.</summary>
    public static bool Failed(ProcessResult result) => result is { End: ProcessEnd.Exit, ExitCode: StartFailed };

    private string[] Limits =>
    [
        "prlimit", $"--cpu={Text((long)Math.Ceiling(cpuSeconds) + 1)}", $"--fsize={Text((long)diskMegabytes << 20)}", "--core=0",
            $"--nofile={OpenFiles}",
        $"--nproc={processes + ThreadAllowance}", .. addressBytes is { } bytes ? [$"--as={Text(bytes)}"] : Array.Empty<string>(), "--",
    ];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Tries the sandbox once, as it will be used; the reason where any part of it is not to be had.</summary>
    internal static string? Probe(bool linux, Func<string, string?> find, Func<int, ProcessGroup?> limit)
    {
        if (!linux) return "it needs Linux";
        if (Needed.FirstOrDefault(program => find(program) is null) is { } missing) return $"'{missing}' is not on the PATH";
        using (var group = limit(16))
            if (group is null)
                return "the kernel's limit on processes does not hold for the administrator, and no control group can be made: run as "
                    + "an ordinary user";
        if (!ProcessTree.IsKnown) return "/proc does not list the children of a process";
        var folder = Directory.CreateTempSubdirectory("tenon-probe-").FullName;
        try
        {
            var sandbox = new Sandbox(1, 8, ProbeSeconds, null, []);
            var result =
                LimitedProcess.Run(
                sandbox.Command(folder, false, ["sh", "-c", "echo x > /tmp/y && ! echo x 2>/dev/null > \"$0/y\"", folder]),
                Environment("/tmp"), folder, "", new(ProbeSeconds, 1 << 30, 16, 1024));
            return result is { End: ProcessEnd.Exit, ExitCode: 0 } ? null
                : $"{result.End}, exit code {result.ExitCode}: {result.Errors.Trim()}";
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
