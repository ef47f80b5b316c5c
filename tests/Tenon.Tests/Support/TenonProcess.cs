using System.Diagnostics;

namespace Tenon.Tests.Support;

/// <summary>Runs the program as a user does, in a process of its own: what environment and kills can then show.</summary>
internal static class TenonProcess
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "tenon.dll");

    public static Process Start(string[] arguments, params (string Name, string Value)[] environment) =>
        Start("dotnet", [Program, .. arguments], environment);

    /// <summary>Starts the program with SIGINT as it is at a terminal, whatever this process ignores.</summary>
    public static Process StartListening(string[] arguments) =>
        Start("env", ["--default-signal=INT", "dotnet", Program, .. arguments], []);

    public static (int Exit, string Output, string Error) Run(string[] arguments, params (string Name, string Value)[] environment) =>
        Read(Start(arguments, environment));

    /// <summary>Runs another .NET program.</summary>
    public static (int Exit, string Output, string Error) RunProgram(string program, string[] arguments) =>
        Read(Start("dotnet", [program, .. arguments], []));

    /// <summary>Runs the program in a folder.</summary>
    public static (int Exit, string Output, string Error) RunIn(string folder, string[] arguments) =>
        Read(Start("dotnet", [Program, .. arguments], [], folder));

    /// <summary>Runs the program from a POSIX shell that says <paramref name="first"/> before it (limits, traps).</summary>
    public static (int Exit, string Output, string Error) RunUnder(string first, string[] arguments,
        params (string Name, string Value)[] environment) =>
        Read(Start("bash", ["-c", first + "; exec dotnet \"$@\"", "bash", Program, .. arguments], environment));

    private static Process Start(string file, string[] arguments, (string Name, string Value)[] environment, string folder = "")
    {
        var start =
            new ProcessStartInfo(file, arguments)
            {
                WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
                RedirectStandardInput = true
            };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static (int Exit, string Output, string Error) Read(Process started)
    {
        using var process = started;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
