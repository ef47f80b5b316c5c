// PEFT's patterns are regular expressions of Python's re. This file translates them to .NET's dialect, construct by construct, and refuses
// what would mean
// something else there: possessive quantifiers, verbose mode, \N{...}, look-behind of changing width. The reference is "Regular expression
// syntax" of Python 3.11.
using System.Text.RegularExpressions;

namespace Tenon.Adapters.Peft;

/// <summary>A pattern in Python's dialect. Immutable and thread-safe.</summary>
public sealed class PythonRegex
{
    // A pattern that backtracks for longer than this over a module's path is a mistake; the answer never depends on the time otherwise.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string _pattern;
    private readonly Regex _full;
    private readonly Regex _start;

    /// <summary>
    /// Translates a pattern; <paramref name="what"/> names the setting it comes from in the error of a pattern that is broken or cannot be
    /// translated.
    /// </summary>
    public PythonRegex(string pattern, string what = "pattern")
    {
        ArgumentNullException.ThrowIfNull(pattern);
        _pattern = pattern;
        try
        {
            var translated = new PythonRegexTranslator(pattern).Run();
            _full = new Regex(@"\A(?:" + translated + @")\z", RegexOptions.CultureInvariant, Patience);
            _start = new Regex(@"\A(?:" + translated + ")", RegexOptions.CultureInvariant, Patience);
        }
        catch (ArgumentException e)
        {
            throw new TenonException($"{what} '{pattern}'", "a regular expression of Python's re", e.Message, inner: e, usage: true);
        }
    }

    /// <summary><c>re.fullmatch</c>: the whole text.</summary>
    public bool FullMatch(string text) => Run(_full, text);

    /// <summary><c>re.match</c>: the beginning of the text.</summary>
    public bool Match(string text) => Run(_start, text);

    private bool Run(Regex regex, string text)
    {
        try
        {
            return regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new TenonException($"pattern '{_pattern}'", "an answer for a module's path within seconds",
                $"endless backtracking over '{text}'", "nested repeats such as (a+)+ cause this", e, usage: true);
        }
    }
}
