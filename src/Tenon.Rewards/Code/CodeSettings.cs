namespace Tenon.Rewards.Code;

/// <summary>How code is run, what it may use, and how tests become a reward.</summary>
public sealed record CodeSettings : ISettings
{
    /// <summary>
    /// The program that runs the code, with its own arguments: <c>python3</c>, <c>node</c>, <c>dotnet run</c> (C#, through the SDK) ...
    /// </summary>
    public string Interpreter { get; init; } = "python3";

    /// <summary>The data column of the tests; without it the answer column is read.</summary>
    public string Column { get; init; } = "tests";

    /// <summary>The data column of code that stands before the completion's own (imports, given functions), where a line has it.</summary>
    public string SetupColumn { get; init; } = "setup";

    /// <summary><c>all</c>: 1 where every test passes, else 0. <c>share</c>: the share of tests that pass.</summary>
    public CodeCredit Credit { get; init; } = CodeCredit.All;

    /// <summary>How standard output is compared with what a test expects.</summary>
    public OutputMatch Output { get; init; } = OutputMatch.Lines;

    /// <summary>Only the first so many tests of a line; null is all.</summary>
    [Bounds(1, int.MaxValue)]
    public int? MaxTests { get; init; }

    /// <summary>Seconds one test may take.</summary>
    [Bounds(0, 86400, Above = true)]
    public double Timeout { get; init; } = 10;

    /// <summary>Seconds that compiling may take, where the language is compiled.</summary>
    [Bounds(0, 86400, Above = true)]
    public double CompileTimeout { get; init; } = 60;

    /// <summary>Megabytes of memory that the processes of one test may use together.</summary>
    [Bounds(16, 1 << 20)]
    public int Memory { get; init; } = 512;

    /// <summary>Megabytes that one test may write to its own folder.</summary>
    [Bounds(1, 1 << 20)]
    public int Disk { get; init; } = 64;

    /// <summary>Processes that one test may have at a time.</summary>
    [Bounds(1, 4096)]
    public int Processes { get; init; } = 32;

    /// <summary>Kilobytes of standard output after which a test is stopped.</summary>
    [Bounds(1, 1 << 20)]
    public int MaxOutput { get; init; } = 256;

    /// <summary>Folders whose content the code does not see (data files with the answers, keys).</summary>
    public IReadOnlyList<string> Hide { get; init; } = [];

    /// <summary>
    /// <c>required</c>: no network, nothing writable but its own folder, or the run does not start. <c>none</c>: limits only; the code may
    /// reach everything that the user may.
    /// </summary>
    public CodeIsolation Isolation { get; init; } = CodeIsolation.Required;

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (string.IsNullOrWhiteSpace(Interpreter)) yield return new("interpreter", "is empty", "a program such as python3");
        else if (Language.Of(Interpreter).Missing is { } missing) yield return new("interpreter", $"'{missing}' is not on the PATH");
        if (string.IsNullOrWhiteSpace(Column)) yield return new("column", "is empty", "the name of a column");
        foreach (var folder in Hide.Where(f => !Directory.Exists(f))) yield return new("hide", $"'{folder}' is no folder");
        if (Hide.Count > 0 && Isolation == CodeIsolation.None)
            yield return new("hide", "needs isolation: without it nothing can be hidden");
        if (Isolation == CodeIsolation.Required && Sandbox.Unavailable is { } reason)
            yield return new("isolation", $"code cannot be isolated on this machine ({reason})",
                "'none', which runs it with the rights of the user, network and files included");
    }
}

/// <summary>How passed tests become a reward.</summary>
public enum CodeCredit
{
    /// <summary>All or nothing.</summary>
    All,

    /// <summary>The share of tests passed; the outcome is still all of them.</summary>
    Share,
}

/// <summary>How an output is compared.</summary>
public enum OutputMatch
{
    /// <summary>Line by line; spaces at line ends and empty lines at the end apart.</summary>
    Lines,

    /// <summary>Word by word; all white space is alike.</summary>
    Words,
}

/// <summary>Whether code is kept from network and files.</summary>
public enum CodeIsolation
{
    /// <summary>It is, or the run does not start.</summary>
    Required,

    /// <summary>It is not.</summary>
    None,
}
