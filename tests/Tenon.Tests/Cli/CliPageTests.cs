using System.Text;
using Tenon.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>The verbs' list in docs/cli.md is made from the verbs; with TENON_UPDATE_DOCS=1 this test writes it anew.</summary>
public class CliPageTests
{
    private const string Marker = "<!-- The list below is made from the verbs; a test compares it. -->\n";

    [Fact]
    public void The_page_lists_every_verb_with_its_arguments_options_and_examples()
    {
        var path = Repository.Path("docs/cli.md");
        var page = File.ReadAllText(path).ReplaceLineEndings("\n");
        var verbs = new StringBuilder();
        foreach (var verb in Application.Verbs()) Append(verbs, verb);
        var expected = page[..(page.IndexOf(Marker, StringComparison.Ordinal) + Marker.Length)] + verbs;
        if (Environment.GetEnvironmentVariable("TENON_UPDATE_DOCS") == "1") File.WriteAllText(path, expected);
        else page.ShouldBe(expected, "run this test once with TENON_UPDATE_DOCS=1 and look at what changed");
    }

    private static void Append(StringBuilder text, Verb verb)
    {
        text.Append($"\n## `tenon {verb.Name}`\n\n{Sentence(verb.Description)}\n\n");
        if (verb.Arguments.Count + verb.Options.Count > 0) text.Append("| takes | what it is |\n|---|---|\n");
        foreach (var argument in verb.Arguments) text.Append($"| {Cell(argument.HelpName ?? argument.Name)} | {Escape(argument.Description)} |\n");
        foreach (var option in verb.Options.Where(o => !o.Hidden))
        {
            var names = string.Join(", ", option.Aliases.Append(option.Name).Select(Cell));
            text.Append($"| {names} | {Escape(option.Description)} |\n");
        }

        text.Append("\n```bash\n");
        foreach (var example in verb.Examples) text.Append(example).Append('\n');
        text.Append("```\n");
    }

    private static string Cell(string name) => $"`{name}`";

    private static string Escape(string? text) =>
        (text ?? "").Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);

    private static string Sentence(string? text)
    {
        var sentence = Escape(text).TrimEnd('.');
        return sentence.Length == 0 ? "" : char.ToUpperInvariant(sentence[0]) + sentence[1..] + ".";
    }
}
