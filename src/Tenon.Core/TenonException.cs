namespace Tenon;

/// <summary>
/// An error a person can act on: what failed, what was expected, what was found, and a hint. The command line prints
/// <see cref="Exception.Message"/> as it stands and exits with 1, or with 2 where <see cref="IsUsage"/> is set.
/// </summary>
public sealed class TenonException : Exception
{
    /// <summary>Makes an error from its four parts; <paramref name="what"/> names the tensor, file or key.</summary>
    public TenonException(string what, string? expected = null, string? got = null, string? hint = null, Exception? inner =
        null, bool usage = false)
        : base(Compose(what, expected, got, hint), inner) => IsUsage = usage;

    /// <summary>True where the call, recipe or flag was wrong (exit code 2), false where the work failed (exit code 1).</summary>
    public bool IsUsage { get; }

    private static string Compose(string what, string? expected, string? got, string? hint)
    {
        var text = what;
        if (expected is not null) text += $"\n  expected: {expected}";
        if (got is not null) text += $"\n  got:      {got}";
        if (hint is not null) text += $"\n  Hint: {hint}";
        return text;
    }
}
