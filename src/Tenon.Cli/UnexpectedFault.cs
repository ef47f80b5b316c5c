using System.Reflection;

namespace Tenon.Cli;

/// <summary>
/// The last handler: what no other part of the program has words for is told with the version, what was asked, and how to report it.
/// </summary>
internal static class UnexpectedFault
{
    /// <summary>The environment variable that adds where it happened.</summary>
    public const string TraceVariable = "TENON_TRACE";

    /// <summary>The version of this program.</summary>
    public static string Version { get; } =
        typeof(UnexpectedFault).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The exception that matters: what a loop over threads or a reflected call wrapped is taken out.</summary>
    public static Exception Cause(Exception e)
    {
        while (true)
            switch (e)
            {
                case AggregateException { InnerExceptions: [.., _] } many:
                    e = many.InnerExceptions.FirstOrDefault(inner => inner is TenonException) ?? many.InnerExceptions[0];
                    break;
                case TargetInvocationException or TypeInitializationException when e.InnerException is { } inner:
                    e = inner;
                    break;
                default:
                    return e;
            }
    }

    /// <summary>Writes it; returns the exit code.</summary>
    public static int Report(Exception? e, IReadOnlyList<string> args, TextWriter error)
    {
        var cause = e is null ? null : Cause(e);
        var call = string.Join(' ', args.Take(40).Select(ShellWord.Quote).Prepend("tenon"));
        var got = $"{cause?.GetType().Name ?? "an unknown fault"}: {cause?.Message.ReplaceLineEndings(" ")}";
        var told = cause is OutOfMemoryException or InsufficientMemoryException
            ? new TenonException($"tenon {Version} ran out of memory", got: call,
            hint: "a smaller model, batch or context, or a machine with more memory")
            : new TenonException($"tenon {Version} met a fault that it has no words for", $"to do: {call}", got,
                $"this is a defect of Tenon: please report these lines and the input; with {TraceVariable}=1 in the environment the "
                + $"place is printed too");
        error.WriteLine(told.Message);
        if (e is not null && Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 } and not "0") error.WriteLine(e);
        return 1;
    }
}
