using Spectre.Console;
using Tenon.Training;

namespace Tenon.Cli.Display;

/// <summary>Chooses how a run is shown: a live table on a terminal, lines otherwise.</summary>
internal static class Observers
{
    /// <summary>The observer for a terminal; colours and redrawing only where a person watches and NO_COLOR is not set.</summary>
    public static ITrainingObserver For(Terminal terminal) =>
        terminal.IsLive && Environment.GetEnvironmentVariable("NO_COLOR") is null or ""
        ? new LiveDisplayObserver(Console(terminal))
        : new LinesObserver(terminal.Error, Console(terminal));

    /// <summary>Spectre's console on standard error; without colours and cursor control where no person watches.</summary>
    public static IAnsiConsole Console(Terminal terminal)
    {
        var plain = !terminal.IsLive || Environment.GetEnvironmentVariable("NO_COLOR") is not (null or "");
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(terminal.Error),
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Yes,
            ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = plain ? InteractionSupport.No : InteractionSupport.Yes,
        });
        if (!terminal.IsLive) console.Profile.Width = 160;
        return console;
    }
}
