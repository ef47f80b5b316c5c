using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tenon.Tests.Support;

namespace Tenon.Tests;

/// <summary>
/// What neither the compiler nor the formatter sees: lines and files that have grown too long, names, packages that nobody uses.
/// </summary>
public partial class SolutionTests
{
    private const int LongestFile = 400;
    private const int LongestLine = 140;

    public static TheoryData<string> Projects() =>
        [.. Directory.GetFiles(Repository.Path("src"), "*.csproj", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Repository.Path("."), file))];

    [Fact]
    public void No_file_is_longer_than_400_lines() =>
        new[] { "src", "tests", "bench" }.SelectMany(folder => Sources(Repository.Path(folder)))
            .Select(file => (Path.GetRelativePath(Repository.Path("."), file), File.ReadLines(file).Count()))
            .Where(file => file.Item2 > LongestFile)
            .ShouldBeEmpty();

    /// <summary>The story of a training step is told in one sitting: what else a run does stands in a room of its own.</summary>
    [Fact]
    public void The_trainer_is_no_longer_than_150_lines() =>
        File.ReadLines(Repository.Path("src/Tenon.Training/RlvrTrainer.cs")).Count().ShouldBeLessThanOrEqualTo(150);

    [Fact]
    public void No_line_is_longer_than_140_characters()
    {
        var faults = new List<string>();
        foreach (var file in new[] { "src", "tests", "bench", "samples" }.SelectMany(folder => Sources(Repository.Path(folder))))
        {
            var raw = false;
            var number = 0;
            foreach (var line in File.ReadLines(file))
            {
                number++;
                // What stands in quotes (a JSON line, a pattern, a screen) is not cut: only the code around it counts.
                var inside = raw;
                if (Regex.Count(line, "\"\"\"") % 2 == 1) raw = !raw;
                if (line.Length <= LongestLine || inside || raw || line.Contains("\"\"\"", StringComparison.Ordinal)) continue;
                if (Quoted().Replace(line, "\"\"").Length > LongestLine)
                    faults.Add($"{Path.GetRelativePath(Repository.Path("."), file)}:{number}: {line.Length}");
            }
        }

        faults.ShouldBeEmpty();
    }

    [Fact]
    public void Private_fields_begin_with_an_underscore() =>
        Directory.GetFiles(AppContext.BaseDirectory, "*.dll").Select(Path.GetFileNameWithoutExtension)
            .Where(name => name == "tenon" || name!.StartsWith("Tenon.", StringComparison.Ordinal))
            .SelectMany(name => Assembly.Load(name!).GetTypes())
            .Where(type => !type.IsEnum && !IsGenerated(type))
            .SelectMany(type => type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Where(field => field.IsPrivate && field.DeclaringType!.GetEvent(field.Name) is null && !field.Name.StartsWith('_')
            && !field.Name.StartsWith('<'))
            .Select(field => $"{field.DeclaringType}.{field.Name}").ShouldBeEmpty();

    [Fact]
    public void Tests_are_sentences_with_underscores() =>
        typeof(SolutionTests).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttributes().Any(attribute => attribute is FactAttribute))
            .Where(method => !method.Name.Contains('_') && method.Name.Skip(1).Any(char.IsUpper))
            .Select(method => $"{method.DeclaringType}.{method.Name}").ShouldBeEmpty();

    [Theory, MemberData(nameof(Projects))]
    public void Every_package_that_a_project_references_is_used(string project)
    {
        var path = Repository.Path(project);
        var text = string.Concat(Sources(Path.GetDirectoryName(path)!).Select(File.ReadAllText));
        foreach (var package in XDocument.Load(path).Descendants("PackageReference")
            .Where(package => (string?)package.Attribute("PrivateAssets") != "all"))
            text.ShouldContain($"using {NamespaceOf((string)package.Attribute("Include")!)}", Case.Sensitive,
                $"{project} references {package} and uses it nowhere");
    }

    /// <summary>The namespace of a package; most have its name.</summary>
    private static string NamespaceOf(string package) => package switch
    {
        "JsonSchema.Net" => "Json.Schema",
        "KubernetesClient" => "k8s",
        "Parquet.Net" => "Parquet",
        "OpenTelemetry.Exporter.OpenTelemetryProtocol" => "OpenTelemetry.Exporter",
        "Microsoft.Orleans.Connections.Security" or "Microsoft.Orleans.TestingHost" => package["Microsoft.".Length..],
        _ when package.StartsWith("Microsoft.Orleans.", StringComparison.Ordinal) => "Orleans",
        _ => package,
    };

    private static IEnumerable<string> Sources(string folder) =>
        Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Split('/', '\\').Any(part => part is "obj" or "bin"));

    private static bool IsGenerated(Type type) =>
        type.Name.Contains('<') || (type.DeclaringType is { } outer && IsGenerated(outer))
        || type.Namespace?.StartsWith("System", StringComparison.Ordinal) == true;

    [GeneratedRegex(@"""(?:[^""\\]|\\.)*""")]
    private static partial Regex Quoted();
}
