using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace Tenon.Cli;

/// <summary>
/// Parses a call, runs its verb, and turns what happens into an exit code: 0 done, 1 the work failed, 2 the call was wrong, 130
/// interrupted.
/// </summary>
internal static class Application
{
    [ThreadStatic] private static Terminal? _current;

    /// <summary>The terminal of the call that runs on this thread.</summary>
    public static Terminal Current => _current ?? throw new InvalidOperationException("no call is running");

    /// <summary>Runs one call.</summary>
    public static int Run(string[] args, Terminal terminal)
    {
        var outer = _current;
        _current = terminal;
        try
        {
            var (root, call) = Parse(args);
            if (Faults(root, call) is { Count: > 0 } faults)
            {
                foreach (var fault in faults) terminal.Error.WriteLine(fault);
                terminal.Error.WriteLine($"  Hint: tenon {(call.CommandResult.Command is Verb verb ? verb.Name + " " : "")}--help");
                return 2;
            }
            var exit = call.Invoke(new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
            terminal.Out.Flush();
            return exit;
        }
        catch (TenonException e)
        {
            terminal.Out.Flush();
            terminal.Error.WriteLine(e.Message);
            return e.IsUsage ? 2 : 1;
        }
        catch (AggregateException e) when (UnexpectedFault.Cause(e) is TenonException cause)
        {
            terminal.Out.Flush();
            terminal.Error.WriteLine(cause.Message);
            return cause.IsUsage ? 2 : 1;
        }
        catch (OperationCanceledException)
        {
            terminal.Out.Flush();
            return Interrupt.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The reader of our output may leave early (`tenon ... | head`); that is no failure worth a message.
            if (!e.Message.Contains("pipe", StringComparison.OrdinalIgnoreCase))
                terminal.Error.WriteLine(
                    new TenonException($"tenon {args.FirstOrDefault()}", "files that can be read and written", e.Message).Message);
            return 1;
        }
        catch (Exception e)
        {
            TryFlush(terminal.Out);
            return UnexpectedFault.Report(e, args, terminal.Error);
        }
        finally
        {
            _current = outer;
        }
    }

    private static void TryFlush(TextWriter output)
    {
        try
        {
            output.Flush();
        }
        catch (IOException)
        {
            // The fault that is told next is the one that matters.
        }
    }

    /// <summary>What is wrong with a call before its verb begins; empty where nothing is.</summary>
    public static IReadOnlyList<string> FaultsOf(string[] args)
    {
        var (root, call) = Parse(args);
        return Faults(root, call);
    }

    private static (RootCommand Root, ParseResult Call) Parse(string[] args)
    {
        var root = Root();
        return (root, root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false }));
    }

    /// <summary>All verbs of this program, by name.</summary>
    public static IReadOnlyList<Verb> Verbs() => [.. Found.Made<Verb>().OrderBy(verb => verb.Name, StringComparer.Ordinal)];

    private static RootCommand Root()
    {
        var root =
            new RootCommand("Tenon trains language models by reinforcement learning with verifiable rewards, through any adapter method.");
        root.Directives.Clear();
        foreach (var verb in Verbs()) root.Subcommands.Add(verb);
        foreach (var option in root.Options)
            if (option is HelpOption { Action: HelpAction plain } help)
                help.Action = new HelpWithExamples(plain);
        return root;
    }

    private static List<string> Faults(RootCommand root, ParseResult call)
    {
        var informs = call.Action is HelpWithExamples || call.Action?.GetType().DeclaringType == typeof(VersionOption);
        if (call.CommandResult.Command == root)
        {
            var word = call.Tokens.Select(token => token.Value).FirstOrDefault(value => !value.StartsWith('-'));
            var names = root.Subcommands.Select(command => command.Name);
            if (word is null) return informs ? [] : ["tenon: no verb given"];
            return [$"tenon: unknown verb '{word}'" + Meant(Nearest.Of(word, names))];
        }
        if (informs) return [];
        var command = call.CommandResult.Command;
        var options = command.Options.Select(option => option.Name).ToList();
        var faults = new List<string>();
        var before = "";
        foreach (var token in call.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash))
        {
            // What looks like an option and is none would otherwise be taken as one more prompt or file; a known one that stands where a
            // value is wanted, as that value.
            if (token.Type == TokenType.Argument && token.Value.Length > 2 && token.Value.StartsWith("--", StringComparison.Ordinal))
                faults.Add(options.Contains(token.Value) && options.Contains(before)
                    ? $"tenon {command.Name}: '{before}' needs a value; the option '{token.Value}' follows it"
                    : $"tenon {command.Name}: unknown option '{token.Value}'" + Meant(Nearest.Of(token.Value, options)));
            before = token.Value;
        }

        if (faults.Count == 0)
            faults.AddRange(call.Errors.Select(error => $"tenon {command.Name}: {Text(error)}"));
        return faults;
    }

    // The parser names a type of .NET; a person is told what to write.
    private static string Text(ParseError error)
    {
        if (error.SymbolResult is not OptionResult { Option: var option, Tokens: [var token] }) return error.Message;
        var expected = (Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType) switch
        {
            var type when type == typeof(int) || type == typeof(long) || type == typeof(ulong) => "a whole number",
            var type when type == typeof(double) => "a number",
            _ => null,
        };
        return expected is null || !error.Message.Contains(nameof(System) + ".", StringComparison.Ordinal) ? error.Message
            : $"{option.Name}: expected {expected}, got '{token.Value}'";
    }

    private static string Meant(string? name) => name is null ? "" : $"; did you mean '{name}'?";

    private sealed class HelpWithExamples(HelpAction plain) : System.CommandLine.Invocation.SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var exit = plain.Invoke(parseResult);
            if (parseResult.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
            {
                var output = parseResult.InvocationConfiguration.Output;
                output.WriteLine(verb.Examples.Count == 1 ? "Example:" : "Examples:");
                foreach (var example in verb.Examples) output.WriteLine("  " + example);
                output.WriteLine();
            }
            else if (parseResult.CommandResult.Command is RootCommand)
            {
                parseResult.InvocationConfiguration.Output.WriteLine("Environment:");
                parseResult.InvocationConfiguration.Output.WriteLine(
                    $"  {UnexpectedFault.TraceVariable}=1  prints where an unexpected fault happened");
                parseResult.InvocationConfiguration.Output.WriteLine("  NO_COLOR=1     no colours");
                parseResult.InvocationConfiguration.Output.WriteLine();
            }
            return exit;
        }
    }
}
