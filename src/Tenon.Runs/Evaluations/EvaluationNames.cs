namespace Tenon.Runs.Evaluations;

/// <summary>Folder names of benchmarks.</summary>
public static class EvaluationNames
{
    private const int Digits = 8;

    /// <summary>
    /// A benchmark's name as a folder's: what a path may not hold becomes a line, and what was changed is told apart by a piece of its
    /// SHA-256.
    /// </summary>
    public static string Of(string benchmark)
    {
        var plain = string.Concat(benchmark.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '@' or '.' ? c : '_'));
        return plain == benchmark && !plain.StartsWith('.') ? plain
            : $"{plain.TrimStart('.', '_')}-{EvaluationIdentity.Sha256(benchmark)[..Digits]}";
    }
}
