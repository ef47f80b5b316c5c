using System.Text.RegularExpressions;
using Tenon.Tests.Support;

namespace Tenon.Tests.Recipes;

/// <summary>The library's shortest program is compiled with the tests, runs, and stands in the README as it is.</summary>
public class TenLinesTests
{
    private static readonly string Source = File.ReadAllText(Repository.Path("samples/TenLines/Program.cs")).ReplaceLineEndings("\n");

    [Fact]
    public void It_has_at_most_ten_statements()
    {
        var body = Source[(Source.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
        body.Split('\n').Count(line => line.EndsWith(';')).ShouldBeInRange(1, 10);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/library.md")]
    public void The_pages_show_it_as_it_is(string page) =>
        File.ReadAllText(Repository.Path(page)).ReplaceLineEndings("\n").ShouldContain($"```csharp\n{Source}```");

    [Fact]
    public void Every_program_of_the_pages_is_one_of_the_samples_which_are_compiled()
    {
        var samples = Directory.GetFiles(Repository.Path("samples"), "Program.cs", SearchOption.AllDirectories)
            .Select(file => File.ReadAllText(file).ReplaceLineEndings("\n")).ToList();
        var solution = File.ReadAllText(Repository.Path("Tenon.slnx"));
        foreach (var project in Directory.GetFiles(Repository.Path("samples"), "*.csproj", SearchOption.AllDirectories))
            solution.ShouldContain(Path.GetFileName(project));
        string[] pages = [.. Directory.GetFiles(Repository.Path("docs"), "*.md", SearchOption.AllDirectories), Repository.Path("README.md")];
        foreach (var page in pages)
            foreach (Match block in Regex.Matches(File.ReadAllText(page).ReplaceLineEndings("\n"), "(?s)```csharp\n(.*?)```"))
                samples.ShouldContain(sample => sample.Contains(block.Groups[1].Value), $"{page}: {block.Value}");
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void It_opens_completes_trains_five_steps_and_completes_with_the_adapter()
    {
        using var folder = new TempFolder();
        var program = Repository.Path($"samples/TenLines/bin/{Configuration}/net10.0/TenLines.dll");
        var (exit, output, error) = TenonProcess.RunProgram(program, [Repository.Path("recipes/quickstart.yaml"), folder["run"]]);
        exit.ShouldBe(0, error);
        var lines = output.ReplaceLineEndings("\n").Trim().Split('\n');
        lines[1..^1].ShouldBe(["step 1", "step 2", "step 3", "step 4", "step 5"]);
        lines[0].ShouldContain("\\boxed");
        lines[^1].ShouldContain("\\boxed");
        File.Exists(folder["run/checkpoints/5/adapter_model.safetensors"]).ShouldBeTrue();
    }

#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif
}
