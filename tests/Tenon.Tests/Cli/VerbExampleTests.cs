using System.CommandLine.Parsing;
using Tenon.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>
/// The calls that <c>--help</c> shows: each parses, and files of the repository that it names are there (they are run by ExampleRunTests).
/// </summary>
public class VerbExampleTests
{
    private static readonly string[] S_folders = ["recipes/", "studies/", "docs/", "bench/", "tests/"];

    public static TheoryData<string> Examples() => [.. Application.Verbs().SelectMany(verb => verb.Examples)];

    [Fact]
    public void Every_verb_has_an_example()
    {
        foreach (var verb in Application.Verbs()) verb.Examples.ShouldNotBeEmpty(verb.Name);
    }

    [Theory, MemberData(nameof(Examples))]
    public void An_example_of_a_verb_parses_and_its_files_are_there(string example)
    {
        var words = Words(example);
        Application.FaultsOf(words).ShouldBeEmpty(example);
        foreach (var word in words.Where(word => S_folders.Any(folder => word.StartsWith(folder, StringComparison.Ordinal))))
            File.Exists(Repository.Path(word)).ShouldBeTrue($"{example}: {word}");
    }

    /// <summary>
    /// The words of an example without the program's name, up to a pipe, a redirection of the shell or a remark in brackets.
    /// </summary>
    internal static string[] Words(string example)
    {
        var words = CommandLineParser.SplitCommandLine(example.Replace('\'', '"')).ToList();
        words[0].ShouldBe("tenon");
        return [.. words.Skip(1).TakeWhile(word => word is not ("|" or ">" or "<") && !word.StartsWith('('))];
    }
}
