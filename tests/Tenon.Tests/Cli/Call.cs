using Tenon.Cli;

namespace Tenon.Tests.Cli;

/// <summary>Runs the command line in this process and keeps what it wrote.</summary>
internal sealed record Call(int Exit, string Out, string Error)
{
    public static Call Tenon(params string[] args) => With("", args);

    public static Call With(string input, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var interrupt = new Interrupt();
        var exit =
            Application.Run(args, new Terminal(new StringReader(input), output, error, interrupt) { IsLive = false, IsOutputLive = false });
        return new Call(exit, output.ToString(), error.ToString());
    }

    public IReadOnlyList<string> Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
