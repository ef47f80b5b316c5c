using System.Text;

namespace Tenon.Rewards.Settings;

/// <summary>.NET names as recipes write them: <c>MaxPenalty</c> is <c>max-penalty</c>, <c>Sudoku4x4</c> is <c>sudoku4x4</c>.</summary>
internal static class KebabCase
{
    public static string Of(string name)
    {
        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            if (i > 0 && char.IsAsciiLetterUpper(name[i])) text.Append('-');
            text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }
}
