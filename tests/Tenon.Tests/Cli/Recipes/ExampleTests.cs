using System.Text.RegularExpressions;
using Tenon.Cluster;
using Tenon.Recipes;
using Tenon.Studies;
using Tenon.Tests.Support;
using Tenon.Training.Settings;

namespace Tenon.Tests.Cli.Recipes;

/// <summary>
/// What the documentation shows works: every YAML block opens as a run, and every recipe of the repository passes a dry run, as it stands
/// or on the embedded model where another is not at hand.
/// </summary>
public partial class ExampleTests
{
    public static TheoryData<string, string> Blocks()
    {
        var data = new TheoryData<string, string>();
        foreach (var page in Directory.GetFiles(Repository.Path("docs"), "*.md").Append(Repository.Path("README.md")))
            foreach (var (block, i) in Block().Matches(File.ReadAllText(page).ReplaceLineEndings("\n"))
                .Select((m, i) => (m.Groups[1].Value, i)))
                data.Add($"{Path.GetFileName(page)} #{i + 1}", block);
        foreach (var file in Directory.GetFiles(Repository.Path("recipes"), "*.yaml"))
            data.Add(Path.GetFileName(file), File.ReadAllText(file));
        return data;
    }

    [Theory, Trait("Speed", "slow"), MemberData(nameof(Blocks))]
    public void An_example_of_the_documentation_opens_as_a_run(string name, string text)
    {
        if (text.Contains("\nstop:", StringComparison.Ordinal) || text.StartsWith("architecture:", StringComparison.Ordinal))
        {
            RecipeFile.Parse<PretrainSettings>(text, name);
            return;
        }

        if (text.StartsWith("base:", StringComparison.Ordinal))
        {
            StudyRecipeReader.Parse(text, name, Repository.Path("."));
            return;
        }

        using var folder = new TempFolder();
        var path = folder["recipe.yaml"];
        if (text.StartsWith("members:", StringComparison.Ordinal))
        {
            File.WriteAllText(path, text);
            ClusterSettings.Of(path).Members.ShouldBe("redis");
            return;
        }

        // A block that shows one part of a recipe is completed by data and a length.
        var isPart = !DataKey().IsMatch(text);
        if (isPart) text += "\ndata: { task: { name: arithmetic, level: 2 }, prompt: plain }\n";
        if (isPart && !RolloutKey().IsMatch(text)) text += "rollout: { max-new-tokens: 64 }\n";
        File.WriteAllText(path, text);
        // Files of one's own, and templates of other models, are not at hand here.
        if ((text.Contains("benchmarks:", StringComparison.Ordinal) && !text.Contains("held-out", StringComparison.Ordinal))
            || TemplateKey().IsMatch(text) || text.Contains("{ train: ", StringComparison.Ordinal))
        {
            RecipeFile.Load<RunSettings>(path);
            return;
        }

        if (!name.EndsWith(".yaml", StringComparison.Ordinal))
        {
            RunBuilder.Build(RecipeFile.Load<RunSettings>(path, ["model=tiny"])).Dispose();
            return;
        }

        var call = Call.Tenon("train", path, "--dry-run", "--set", "model=tiny");
        call.Exit.ShouldBe(0, $"{name}: {call.Error}");
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^template:", RegexOptions.Multiline)]
    private static partial Regex TemplateKey();

    [GeneratedRegex("^rollout:", RegexOptions.Multiline)]
    private static partial Regex RolloutKey();

    [GeneratedRegex("^data:", RegexOptions.Multiline)]
    private static partial Regex DataKey();
}
