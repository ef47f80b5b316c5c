using Spectre.Console;
using Tenon.Training;

namespace Tenon.Cli.Display;

/// <summary>Shows a run: a live table on a terminal, lines otherwise.</summary>
internal abstract class RunDisplay : IDisposable
{
    /// <summary>Shows what happens.</summary>
    public abstract void Show(TrainingEvent e);

    /// <summary>Gives the terminal back; may be called more than once, and from a signal's thread.</summary>
    public virtual void Dispose() { }

    /// <summary>The display for a terminal; colours and redrawing only where a person watches and NO_COLOR is not set.</summary>
    public static RunDisplay For(Terminal terminal) =>
        terminal.IsLive && Environment.GetEnvironmentVariable("NO_COLOR") is null or ""
        ? new LiveDisplay(Console(terminal))
        : new LinesDisplay(terminal.Error, Console(terminal));

    /// <summary>Spectre's console on standard error; without colours and cursor control where no person watches.</summary>
    internal static IAnsiConsole Console(Terminal terminal)
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
