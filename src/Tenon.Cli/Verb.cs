using System.CommandLine;

namespace Tenon.Cli;

/// <summary>
/// A verb of the command line. Every concrete subclass under Commands/ is found by its type: a new verb is one new file.
/// </summary>
internal abstract class Verb : Command
{
    /// <summary>Makes a verb with the sentence that <c>--help</c> prints for it.</summary>
    protected Verb(string name, string description, params string[] examples) : base(name, description)
    {
        Examples = examples;
        SetAction(call => Run(call, Application.Current));
    }

    /// <summary>Calls that work as they stand, printed under <c>--help</c>.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>Does the work; returns the exit code. Throws <see cref="TenonException"/> for what a person can act on.</summary>
    protected abstract int Run(ParseResult call, Terminal terminal);

    /// <summary>Adds an option and gives it back, so that a field can hold it.</summary>
    protected Option<T> Add<T>(Option<T> option)
    {
        Options.Add(option);
        return option;
    }

    /// <summary>Adds an argument and gives it back, so that a field can hold it.</summary>
    protected Argument<T> Add<T>(Argument<T> argument)
    {
        Arguments.Add(argument);
        return argument;
    }
}
