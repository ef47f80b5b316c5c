namespace Tenon.Training.Settings;

/// <summary>The named prompts, and the filling of a template.</summary>
public static class Prompts
{
    /// <summary>The prompt of the recipe and of the evaluation by default: reasoning in steps and a boxed answer.</summary>
    public const string Boxed = "{problem}\nPlease reason step by step, and put your final answer within \\boxed{}.";

    /// <summary>The question alone.</summary>
    public const string Plain = "{problem}";

    private static readonly Dictionary<string, string> Named = new(StringComparer.Ordinal) { ["boxed"] = Boxed, ["plain"] = Plain };

    /// <summary>The names.</summary>
    public static IReadOnlyCollection<string> Names => Named.Keys;

    /// <summary>True for a name and for a template.</summary>
    public static bool IsKnown(string prompt) => Named.ContainsKey(prompt) || prompt.Contains("{problem}", StringComparison.Ordinal);

    /// <summary>
    /// The template with the problem in it. One pass: braces of <c>\boxed{}</c> and of the problem's own text stay as they are.
    /// </summary>
    public static string Fill(string prompt, string problem) =>
        (Named.TryGetValue(prompt, out var template) ? template : prompt).Replace("{problem}", problem, StringComparison.Ordinal);
}
