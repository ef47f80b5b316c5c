using System.Xml.Linq;
using Tenon.Tests.Support;

namespace Tenon.Tests;

/// <summary>What neither the compiler nor the formatter sees: files that have grown too long, packages that nobody uses.</summary>
public class SolutionTests
{
    private const int LongestFile = 400;

    public static TheoryData<string> Projects() =>
        [.. Directory.GetFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Path("."), file))];

    [Fact]
    public void No_file_is_longer_than_400_lines() =>
        new[] { "src", "tests", "bench" }.SelectMany(folder => Sources(Repository.Path(folder)))
            .Select(file => (Path.GetRelativePath(Repository.Path("."), file), File.ReadLines(file).Count()))
            .Where(file => file.Item2 > LongestFile)
            .ShouldBeEmpty();

    [Theory, MemberData(nameof(Projects))]
    public void Every_package_that_a_project_references_is_used(string project)
    {
        var path = Repository.Path(project);
        var text = string.Concat(Sources(Path.GetDirectoryName(path)!).Select(File.ReadAllText));
        foreach (var package in XDocument.Load(path).Descendants("PackageReference").Where(package => (string?)package.Attribute("PrivateAssets") != "all"))
            text.ShouldContain($"using {NamespaceOf((string)package.Attribute("Include")!)}", Case.Sensitive, $"{project} references {package} and uses it nowhere");
    }

    /// <summary>The namespace of a package; most have its name.</summary>
    private static string NamespaceOf(string package) => package switch
    {
        "JsonSchema.Net" => "Json.Schema",
        "Parquet.Net" => "Parquet",
        _ => package,
    };

    private static IEnumerable<string> Sources(string folder) =>
        Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file => !file.Split('/', '\\').Any(part => part is "obj" or "bin"));
}
