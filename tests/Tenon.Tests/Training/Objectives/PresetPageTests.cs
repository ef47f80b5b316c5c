using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tenon.Tests.Support;
using Tenon.Training.Objectives;

namespace Tenon.Tests.Training.Objectives;

/// <summary>
/// The choices of each preset in docs/objectives.md are those of the code, all of them; with TENON_UPDATE_DOCS=1 this test writes them
/// anew.
/// </summary>
public partial class PresetPageTests
{
    private static readonly string S_path = Repository.Path("docs/objectives.md");

    [Fact]
    public void Every_preset_has_a_row_with_all_its_choices()
    {
        var page = File.ReadAllText(S_path).ReplaceLineEndings("\n");
        var named = new List<string>();
        var expected = Row().Replace(page, row =>
        {
            var name = row.Groups["name"].Value;
            if (!ObjectivePresets.Names.Contains(name)) return row.Value;
            named.Add(name);
            return $"| `{name}`{row.Groups["default"].Value} | {row.Groups["what"].Value} | {Choices(name)} | "
                + $"{row.Groups["source"].Value} |";
        });
        named.ShouldBe(ObjectivePresets.Names, "one row a preset, in the order of the code");
        if (Environment.GetEnvironmentVariable("TENON_UPDATE_DOCS") == "1") File.WriteAllText(S_path, expected);
        else page.ShouldBe(expected, "run this test once with TENON_UPDATE_DOCS=1 and look at what changed");
    }

    [Fact]
    public void The_default_preset_is_marked() => File.ReadAllText(S_path).ShouldContain($"| `{ObjectivePresets.Default}` (default) |");

    /// <summary>What a preset has otherwise than <c>grpo</c>; of that one, the choices that others change most.</summary>
    private static string Choices(string name)
    {
        var (own, plain) = (SettingsJson.Write(ObjectivePresets.Named(name)), SettingsJson.Write(ObjectivePresets.Named("grpo")));
        var keys = name == "grpo" ? ["advantage", "scale", "ratio", "loss", "clip-low", "clip-high", "aggregation"]
            : own.Select(choice => choice.Key).Where(key => key != "preset" && !JsonNode.DeepEquals(own[key], plain[key])).ToList();
        return "`" + string.Join(", ", keys.Select(key => $"{key}: {own[key]?.ToString() ?? "null"}")) + "`";
    }

    [GeneratedRegex(@"^\| `(?<name>[^`]+)`(?<default>( \(default\))?) \| (?<what>[^|]+) \| (?<choices>[^|]+) \| (?<source>[^|]*?) ?\|$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();
}
