using System.Text.RegularExpressions;

namespace Tenon.MathAnswers.Parsing;

/// <summary>Formulas of substances and reactions, however their indices are set: H_2O, \ce{H2O}, \text{H}_2\text{O}.</summary>
internal static partial class Chemistry
{
    private const int Longest = 200;

    /// <summary>The formula in one line of letters, digits and signs; null for a text that is none.</summary>
    public static string? Formula(string text)
    {
        if (text.Length is < 2 or > Longest || text.AsSpan().IndexOfAnyInRange('A', 'Z') < 0) return null;
        var plain = Commands().Replace(text, m => m.Value[^1] == '{' ? "" : m.Value.Contains('a', StringComparison.Ordinal) ? "->" : "");
        plain = Charges().Replace(plain.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal)
            .Replace("_", "", StringComparison.Ordinal).Replace("→", "->", StringComparison.Ordinal)
            .Replace("$", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal), "$1");
        return Substances().IsMatch(plain) ? plain : null;
    }

    [GeneratedRegex(@"\\(?:ce|text|mathrm|mathsf|textrm|mathbf|rm)\s*\{|\\(?:longrightarrow|rightarrow|to)\b|\\[,;: !]")]
    private static partial Regex Commands();

    [GeneratedRegex(@"\^(\d?[+-]|[+-]\d?)")]
    private static partial Regex Charges();

    [GeneratedRegex(@"\A\d*[A-Z][A-Za-z\d()\[\]+-]*(?:->\d*[A-Z][A-Za-z\d()\[\]+-]*)?(?:\((?:aq|s|l|g)\))?\z")]
    private static partial Regex Substances();
}
