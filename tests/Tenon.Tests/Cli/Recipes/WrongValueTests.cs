using System.Text.RegularExpressions;
using Tenon.Recipes;
using Tenon.Tests.Support;
using Tenon.Training.Settings;

namespace Tenon.Tests.Cli.Recipes;

/// <summary>Every key of the recipe's page at a value of the wrong kind: an error that names it, and nothing else happens.</summary>
public partial class WrongValueTests
{
    [GeneratedRegex(@"^\| `([a-z0-9.-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [Fact]
    public void Every_key_names_itself_where_its_value_is_of_the_wrong_kind()
    {
        var keys = Row().Matches(File.ReadAllText(Repository.Path("docs/recipes.md"))).Select(row => row.Groups[1].Value).ToList();
        keys.Count.ShouldBeGreaterThan(150);
        keys.ShouldContain("update.shards");
        var silent = new List<string>();
        foreach (var key in keys)
        {
            // A text is a list's or a number's wrong kind, a map is a text's; a map of maps takes neither.
            var messages = ((string[])["no value of this kind", "{ nonsense: { nonsense: 1 } }", "[[[1]]]"])
                .Select(value => Message($"{key}={value}")).OfType<string>();
            if (!messages.Any(message => message.Contains(key.Split('.')[^1], StringComparison.Ordinal))) silent.Add(key);
        }

        silent.ShouldBeEmpty();
    }

    private static string? Message(string set)
    {
        try
        {
            RecipeFile.Parse<RunSettings>("model: tiny\ndata: { task: { name: arithmetic, level: 2 } }\n", "recipe", [set]);
            return null;
        }
        catch (TenonException e)
        {
            e.Message.ShouldNotContain("Exception");
            return e.Message;
        }
    }
}
