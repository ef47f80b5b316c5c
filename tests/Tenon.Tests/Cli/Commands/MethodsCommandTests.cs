using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Cli.Display;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli.Commands;

/// <summary>
/// What a recipe can say of a method is printed and stands in docs/adapters.md, both from the records; with TENON_UPDATE_DOCS=1 the page is
/// written anew.
/// </summary>
public class MethodsCommandTests
{
    private const string Begin = "<!-- The table of options is made from the methods' records; a test compares it. -->\n";
    private const string End = "<!-- End of the table of options. -->\n";

    public static TheoryData<string> Methods() => [.. AdapterMethod.All.Keys];

    [Theory, MemberData(nameof(Methods))]
    public void A_method_shows_each_option_with_default_range_and_sentence(string method)
    {
        var call = Call.Tenon("methods", method);
        call.Exit.ShouldBe(0, call.Error);
        foreach (var option in MethodOption.Of(AdapterMethod.Of(method), Sentences.OfAdapters()))
        {
            option.Sentence.ShouldEndWith(".", customMessage: $"{method}.{option.Key}");
            call.Out.ShouldContain($"{option.Key}: {option.Default}   [{option.Range}]");
            call.Out.ShouldContain(option.Sentence);
        }
    }

    [Fact]
    public void A_method_is_known_by_its_other_spellings_and_an_unknown_one_by_the_nearest()
    {
        Call.Tenon("methods", "LayerNorm").Out.ShouldStartWith("ln-tuning: ");
        Call.Tenon("methods", "lora_plus").Out.ShouldContain("ratio: 16   [above 0]");
        var json = JsonNode.Parse(Call.Tenon("methods", "vera", "--json").Out)!;
        json["options"]!.AsArray().Select(option => (string?)option!["peft"])
            .ShouldBe(["projection_prng_key", "save_projection", "d_initial"]);
        var wrong = Call.Tenon("methods", "verra");
        wrong.Exit.ShouldBe(2);
        wrong.Error.ShouldContain("did you mean 'vera'?");
    }

    [Fact]
    public void The_page_lists_every_option_of_every_method()
    {
        var path = Repository.Path("docs/adapters.md");
        var page = File.ReadAllText(path).ReplaceLineEndings("\n");
        var (begin, end) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
        var expected = page[..begin] + Table() + page[end..];
        if (Environment.GetEnvironmentVariable("TENON_UPDATE_DOCS") == "1") File.WriteAllText(path, expected);
        else page.ShouldBe(expected, "run this test once with TENON_UPDATE_DOCS=1 and look at what changed");
    }

    [Theory, MemberData(nameof(Methods))]
    public void The_study_has_the_learning_rate_of_the_code(string method)
    {
        var row = File.ReadLines(Repository.Path("docs/studies/methods.md"))
            .First(line => line.StartsWith($"| `{method}` |", StringComparison.Ordinal));
        double.Parse(row.Split('|')[2], CultureInfo.InvariantCulture)
            .ShouldBe(AdapterMethod.Of(method).DefaultRate(RandomModel.SmallConfig() with { HiddenSize = 128 }));
    }

    private static string Table()
    {
        var sentences = Sentences.OfAdapters();
        var text = new StringBuilder("\n| method | option | default | range | what it is | PEFT |\n|---|---|---|---|---|---|\n");
        // Methods with the same options stand in one row.
        foreach (var same in
            AdapterMethod.All.Values.SelectMany(method => MethodOption.Of(method, sentences).Select(option => (method.Name, option)))
            .GroupBy(row => row.option))
            text.Append(
                $"| {string.Join(", ", same.Select(row => $"`{row.Name}`"))} | `{same.Key.Key}` | {same.Key.Default} | "
                + $"{same.Key.Range} | {same.Key.Sentence} | {(same.Key.Peft is { } field ? $"`{field}`" : "")} |\n");
        return text.Append('\n').ToString();
    }
}
