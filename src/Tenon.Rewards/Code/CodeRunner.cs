using System.Security.Cryptography;
using System.Text;

namespace Tenon.Rewards.Code;

/// <summary>Runs one completion's code against tests, each in a process of its own, in a folder that is deleted afterwards.</summary>
internal sealed class CodeRunner(CodeSettings settings, Language language) : IDisposable
{
    private const int BuildDisk = 512, BuildProcesses = 64;
    private const long BuildMemory = 4L << 30;
    // What an interpreter maps beyond what it uses.
    private const long AddressMargin = 1L << 30;

    private readonly string _folder = Directory.CreateTempSubdirectory("tenon-code-").FullName;
    // The build of a program that several tests share: source, and its file or the fault.
    private (string Source, string? Fault)? _built;

    /// <summary>
    /// Why a test fails (<c>wrong-output</c>, <c>error</c>, <c>timeout</c>, <c>memory-limit</c>, <c>process-limit</c>, <c>output-limit</c>,
    /// <c>no-end</c>, <c>build-failed</c>), or null where it passes.
    /// </summary>
    public string? Fault(string code, CodeTest test)
    {
        // Printed after the last statement: a program that leaves early with exit code 0 has not passed. It cannot be guessed.
        var end = test.Statements is null ? null : RandomNumberGenerator.GetHexString(32, lowercase: true);
        var source = test.Statements is null ? code
            : Join(code, test.Statements, language.Print!.Replace("{0}", end, StringComparison.Ordinal));
        if (Prepare(source, out var command) is { } fault) return fault;
        var result = Run(command, false, test.Input, Limits);
        if (Stopped(result) is { } stopped) return stopped;
        if (result.ExitCode != 0) return "error";
        if (end is not null) return result.Output.Split('\n').Any(line => line.TrimEnd('\r') == end) ? null : "no-end";
        return Same(test.Expected!, result.Output) ? null : "wrong-output";
    }

    /// <summary>Deletes the folder.</summary>
    public void Dispose()
    {
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // A child that outlived its parent (isolation none) writes there still; the system's own cleaning of temporary folders gets it.
        }
    }

    private ProcessLimits Limits => new(settings.Timeout, (long)settings.Memory << 20, settings.Processes, settings.MaxOutput << 10);

    private string? Prepare(string source, out IReadOnlyList<string> command)
    {
        var file = Path.Combine(_folder, "main" + language.Extension);
        command = language.IsCSharp ? ["dotnet", Path.Combine(_folder, "out", "main.dll")] : [.. language.Command, file];
        if (_built is { } built && built.Source == source) return built.Fault;
        // Half a surrogate pair in a completion becomes a question mark here, never an exception.
        File.WriteAllText(file, language.IsCSharp ? "#:property PublishAot=false\n" + source : source);
        var fault = language.IsCSharp ? Build(file) : null;
        _built = (source, fault);
        return fault;
    }

    private string? Build(string file)
    {
        var limits = new ProcessLimits(settings.CompileTimeout, BuildMemory, BuildProcesses, settings.MaxOutput << 10);
        var result = Run(["dotnet", "build", file, "-o", Path.Combine(_folder, "out"), "-v", "q", "--nologo"], true, "", limits);
        if (Stopped(result) is { } stopped) return "build-" + stopped;
        return result.ExitCode == 0 ? null : "build-failed";
    }

    private ProcessResult Run(IReadOnlyList<string> command, bool building, string input, ProcessLimits limits)
    {
        var sandbox =
            new Sandbox(building ? BuildDisk : settings.Disk, limits.Processes, limits.Seconds, language.ReservesMemory ? null
            : limits.MemoryBytes + AddressMargin, settings.Hide);
        var isolated = settings.Isolation == CodeIsolation.Required;
        using var group = ProcessGroup.Create(limits.Processes + Sandbox.ThreadAllowance);
        if (group is null && isolated) throw new SandboxFailure("no limit on processes");
        var whole = isolated ? sandbox.Command(_folder, building, command) : sandbox.Unisolated(command);
        var result =
            LimitedProcess.Run(group?.Join(whole) ?? whole, Sandbox.Environment(isolated ? "/tmp" : _folder), _folder, input, limits);
        return isolated && Sandbox.Failed(result) ? throw new SandboxFailure(result.Errors.Trim()) : result;
    }

    private static string? Stopped(ProcessResult result) => result switch
    {
        { End: ProcessEnd.Timeout } => "timeout",
        { End: ProcessEnd.Memory } => "memory-limit",
        { End: ProcessEnd.Processes } => "process-limit",
        { End: ProcessEnd.Output } => "output-limit",
        // Signals of the limit on processor time: SIGXCPU, and SIGKILL a second later.
        { ExitCode: 128 + 24 or 128 + 9 } => "timeout",
        _ => null,
    };

    // C# has statements before types, and usings before both; elsewhere the tests follow the code.
    private string Join(string code, string tests, string print)
    {
        if (!language.IsCSharp) return $"{code}\n\n{tests}\n{print}\n";
        var (usings, rest) = (new StringBuilder(), new StringBuilder());
        foreach (var line in (tests + "\n" + print + "\n" + code).Split('\n'))
            (line.StartsWith("using ", StringComparison.Ordinal) && !line.Contains('(') && line.TrimEnd().EndsWith(';')
                && !line.Contains(" var ") ? usings : rest).Append(line).Append('\n');
        return usings.Append(rest).ToString();
    }

    private bool Same(string expected, string output)
    {
        if (settings.Output == OutputMatch.Words)
            return expected.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                .SequenceEqual(output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return Lines(expected) == Lines(output);
    }

    private static string Lines(string text) => string.Join('\n', text.Split('\n').Select(line => line.TrimEnd())).TrimEnd('\n');
}

/// <summary>The sandbox itself could not be set up for one run (no memory, no process): nothing is said about the code.</summary>
internal sealed class SandboxFailure(string message) : Exception(message);
