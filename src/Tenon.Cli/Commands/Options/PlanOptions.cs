using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Reports;

namespace Tenon.Cli.Commands.Options;

/// <summary>What <c>compare --plan</c> is told and answers.</summary>
internal sealed class PlanOptions
{
    private readonly Option<bool> _plan = new("--plan") { Description = "compare nothing: say what a comparison of this size could show" };
    private readonly Option<int> _problems = new("--problems") { Description = "problems (--plan)", DefaultValueFactory = _ => 500 };
    private readonly Option<int> _samples = new("--samples") { Description = "samples a problem (--plan)", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _seeds = new("--seeds") { Description = "runs of each recipe (--plan)", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _mean =
        new("--mean") { Description = "accuracy that is expected (--plan)", DefaultValueFactory = _ => 0.5 };
    private readonly Option<double?> _difference =
        new("--difference") { Description = "the difference that is to be found, as a share (--plan)", HelpName = "X" };
    private readonly Option<double> _spread = new("--spread")
    {
        Description = "how much problems differ in difficulty: the correlation of samples of one problem (--plan)",
        DefaultValueFactory = _ => 0.5,
    };
    private readonly Option<double> _correlation = new("--correlation")
    {
        Description = "correlation of the problems' accuracies in the two models (--plan)", DefaultValueFactory = _ => 0.9,
    };
    private readonly Option<double> _seedDeviation = new("--seed-deviation")
    {
        Description = "standard deviation of a recipe's accuracy over seeds (--plan)", DefaultValueFactory = _ => 0.01,
    };

    /// <summary>Adds the options to a verb.</summary>
    public PlanOptions(Command verb)
    {
        foreach (var option in
            new Option[] { _plan, _problems, _samples, _seeds, _mean, _difference, _spread, _correlation, _seedDeviation })
            verb.Options.Add(option);
    }

    /// <summary>True where a plan was asked for.</summary>
    public bool Wanted(ParseResult call) => call.GetValue(_plan);

    /// <summary>Prints the plan.</summary>
    public int Run(ParseResult call, Terminal terminal, TableOptions tables)
    {
        AtLeast(call.GetValue(_problems), 2, "--problems");
        AtLeast(call.GetValue(_samples), 1, "--samples");
        AtLeast(call.GetValue(_seeds), 1, "--seeds");
        Share(call.GetValue(_mean), "--mean");
        Share(call.GetValue(_spread), "--spread");
        Share(call.GetValue(_correlation), "--correlation");
        Share(call.GetValue(_seedDeviation), "--seed-deviation");
        var wanted = call.GetValue(_difference);
        if (wanted is { } d && !(d is > 0 and <= 1))
            throw new TenonException("--difference", "a share above 0: 0.02 is two points", Text(d), usage: true);
        var plan = new ComparisonPlan
        {
            Problems = call.GetValue(_problems), Samples = call.GetValue(_samples), Seeds = call.GetValue(_seeds),
            Mean = call.GetValue(_mean),
            Spread = call.GetValue(_spread), Correlation = call.GetValue(_correlation), SeedDeviation = call.GetValue(_seedDeviation),
        };
        var (problems, seeds) = wanted is { } x ? (plan.ProblemsNeeded(x), plan.SeedsNeeded(x)) : (null, null);
        var table =
            new ResultTable("plan", "problems", "samples", "seeds", "smallest difference", "wanted", "problems needed", "seeds needed");
        table.Add(
            Text(plan.Problems), ResultCell.Count(plan.Samples), ResultCell.Count(plan.Seeds), ResultCell.Points(plan.SmallestDifference),
            ResultCell.Points(wanted), ResultCell.Count(problems), ResultCell.Count(seeds));
        tables.Write(
            call, terminal,
            () => new JsonObject
            {
                ["smallest_difference"] = plan.SmallestDifference, ["problems_needed"] = problems, ["seeds_needed"] = seeds,
                ["smallest_of_seeds"] = plan.SmallestOfSeeds, ["smallest_of_problems"] = plan.SmallestOfProblems,
                ["why"] = wanted is { } y && Why(plan, y, problems, seeds).ToList() is { Count: > 0 } why ? string.Join(' ', why) : null,
            },
            [table.WithoutEmptyColumns()], Sentences(plan, wanted, problems, seeds));
        return 0;
    }

    private static IEnumerable<string> Sentences(ComparisonPlan plan, double? wanted, long? problems, long? seeds)
    {
        yield return $"A true difference of {Points(plan.SmallestDifference)} is found with 80 % probability (two-sided test at 5 %); "
            + $"smaller ones mostly are not.";
        yield return $"Assumed: accuracy {Text(plan.Mean)}, spread of difficulty {Text(plan.Spread)}, correlation between the two "
            + $"{Text(plan.Correlation)}, " +
            $"{Points(plan.SeedDeviation)} of standard deviation over seeds.";
        if (wanted is not { } x) yield break;
        foreach (var sentence in Why(plan, x, problems, seeds)) yield return sentence;
    }

    // Why no number of problems, or of seeds, does, and what helps.
    private static IEnumerable<string> Why(ComparisonPlan plan, double wanted, long? problems, long? seeds)
    {
        if (problems is null)
            yield return $"No number of problems shows {Points(wanted)} with {Count(plan.Seeds, "seed")}: runs of one recipe differ by a "
                + $"standard deviation of {Points(plan.SeedDeviation)}, and that alone hides differences below "
                + $"{Points(plan.SmallestOfSeeds)}; more seeds help, more problems do not.";
        if (problems is null && seeds is { } enough)
            yield return $"{Count(enough, "seed")} of each recipe show it with these {Count(plan.Problems, "problem")}.";
        if (seeds is null)
            yield return $"No number of seeds shows {Points(wanted)} with {Count(plan.Problems, "problem")}: on so few the two differ by "
                + $"chance, and that alone hides differences below {Points(plan.SmallestOfProblems)}; more problems help.";
        if (problems is null && seeds is null)
            yield return plan.Needed(wanted) is { } both
                ? $"{Count(both.Seeds, "seed")} of each recipe and {Count(both.Problems, "problem")} together show it."
                : "No number of both together shows it.";
    }

    private static string Count(long count, string word) =>
        $"{count.ToString("#,0", CultureInfo.InvariantCulture)} {word}{(count == 1 ? "" : "s")}";

    private static string Points(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " points";

    private static string Text(double x) => x.ToString(CultureInfo.InvariantCulture);

    private static void AtLeast(int value, int least, string option)
    {
        if (value < least) throw new TenonException(option, $"{least} or more", Text(value), usage: true);
    }

    private static void Share(double value, string option)
    {
        if (value is not (>= 0 and <= 1)) throw new TenonException(option, "0 to 1", Text(value), usage: true);
    }
}
