using System.Diagnostics;
using System.Globalization;

namespace Tenon.Cli.Display;

/// <summary>How far an evaluation is: a line every few seconds, and one at the end.</summary>
internal sealed class EvalProgress(Terminal terminal, string benchmark, string what = "samples")
{
    private static readonly TimeSpan S_between = TimeSpan.FromSeconds(5);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next = S_between;

    /// <summary>So many are done.</summary>
    public void Show(int done, int of)
    {
        if (done < of && _clock.Elapsed < _next) return;
        _next = _clock.Elapsed + S_between;
        terminal.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{benchmark}: {done} of {of} {what}"));
    }
}
