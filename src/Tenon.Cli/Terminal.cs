namespace Tenon.Cli;

/// <summary>
/// What a verb talks to: results go to <paramref name="Out"/>, progress and messages to <paramref name="Error"/>; tests pass their own.
/// </summary>
/// <param name="In">Standard input.</param>
/// <param name="Out">Standard output: results only, so that another program can read them.</param>
/// <param name="Error">Standard error: progress, messages, faults.</param>
/// <param name="Interrupt">Ctrl-C and termination requests.</param>
internal sealed record Terminal(TextReader In, TextWriter Out, TextWriter Error, Interrupt Interrupt)
{
    /// <summary>True where a person watches standard error, so that a live display and colours make sense.</summary>
    public bool IsLive { get; init; } = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not "dumb";

    /// <summary>Says what a person should know and what ends nothing.</summary>
    public void Note(string text) => Error.WriteLine($"note: {text}");

    /// <summary>True where standard output is a terminal.</summary>
    public bool IsOutputLive { get; init; } = !Console.IsOutputRedirected;
}
