namespace Tenon.Cli.Commands.Lines;

/// <summary>A line of input, or why it is no text.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Raw">The text; empty where there is a fault.</param>
/// <param name="Fault">What is wrong with its bytes; null for a text.</param>
internal readonly record struct InputLine(int Number, string Raw, TenonException? Fault)
{
    /// <summary>The text; throws the fault where there is one.</summary>
    public string Text => Fault is null ? Raw : throw Fault;
}
