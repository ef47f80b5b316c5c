using System.CommandLine;
using System.Globalization;
using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Statistics;

namespace Tenon.Benchmarks;

/// <summary>
/// How often the default interval holds the true mean accuracy, beside mean ± 1.96 standard errors: the tables of
/// <c>docs/evaluation.md</c>, made by <c>dotnet run --project bench/Tenon.Benchmarks -c Release -- coverage</c>.
/// </summary>
internal static class IntervalCoverage
{
    private static readonly double[] S_means = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95];
    private static readonly Option<int> S_evaluations = new("--evaluations")
    {
        DefaultValueFactory = _ => 4000, Description = "simulated evaluations a cell",
    };

    // Draws of a cell are its own, so that no two cells err together.
    private static ulong s_cell;

    public static Command Command()
    {
        var command = new Command("coverage", "coverage of the default interval by simulation") { S_evaluations };
        command.SetAction(Run);
        return command;
    }

    private static void Run(ParseResult call)
    {
        var evaluations = call.GetValue(S_evaluations);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{evaluations} evaluations a simulated cell: one standard error of "
            + $"its coverage is {100 * Math.Sqrt(0.95 * 0.05 / evaluations):0.00} points"));
        Steps();
        Pairs(evaluations);
        var means = string.Join(" | ", S_means.Select(m => m.ToString("0.00", CultureInfo.InvariantCulture)));
        Console.WriteLine($"| questions | samples | spread | {means} |\n|{string.Concat(Enumerable.Repeat("---:|", S_means.Length + 3))}");
        foreach (var problems in new[] { 30, 500 })
        {
            Exact(problems);
            foreach (var spread in new[] { 0, 0.02, 0.1, 0.25, 0.5, 0.75, 1 })
                Row(spread.ToString(CultureInfo.InvariantCulture), new(problems, 32, 0, spread), evaluations);
            foreach (var shape in new[] { DifficultyShape.Halves, DifficultyShape.Uniform, DifficultyShape.Unsolved })
                Row(shape.ToString().ToLowerInvariant(), new(problems, 32, 0, 0) { Shape = shape }, evaluations);
            Row("two kinds", new(problems, 32, 0, 0) { Shape = DifficultyShape.TwoKinds }, evaluations);
        }
    }

    // The paired difference of `tenon compare`: the second is 5 points ahead, nine problems of ten are alike for both.
    private static void Pairs(int evaluations)
    {
        Console.WriteLine("| questions | samples | mean 0.10 | 0.30 | 0.50 | 0.70 | 0.90 |\n|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var (problems, samples) in new[] { (30, 1), (30, 32), (500, 1), (500, 4) })
        {
            var cells = new[] { 0.1, 0.3, 0.5, 0.7, 0.9 }.Select(mean => (100 * new SimulatedPairs(problems, samples, mean, 0.05, 0.5, 0.9)
                .Coverage(evaluations, ++s_cell)).ToString("0.0", CultureInfo.InvariantCulture));
            Console.WriteLine($"| {problems} | {samples} | {string.Join(" | ", cells)} |");
        }

        Console.WriteLine();
    }

    // One sample a problem: the number of right answers is binomial, whatever the spread, so coverage is a sum and no simulation.
    private static void Exact(int problems)
    {
        var cells = S_means.Select(mean =>
        {
            var ours = Held(problems, mean, c => Ends(Estimate.OfCounts(Counts(problems, c), 1)));
            var plain = Held(problems, mean, c => Plain(AverageAtK.Of(Counts(problems, c), 1)));
            return string.Create(CultureInfo.InvariantCulture, $"{100 * ours:0.0} ({100 * plain:0})");
        });
        Console.WriteLine($"| {problems} | 1 | - | {string.Join(" | ", cells)} |");
    }

    // How often the interval leaves 93 to 97 % over means from .05 to .95, and where no neighbouring numbers of right answers hold so much.
    private static void Steps()
    {
        foreach (var (problems, means) in new[] { (30, 901), (500, 91) })
        {
            var ends = Enumerable.Range(0, problems + 1).Select(c => Ends(Estimate.OfCounts(Counts(problems, c), 1))).ToArray();
            double[] all = [.. Enumerable.Range(0, means).Select(i => 0.05 + (0.9 * i / (means - 1)))];
            var covered = all.Select(mean => Held(problems, mean, c => ends[c])).ToArray();
            var outside = Enumerable.Range(0, means).Where(i => covered[i] is < 0.93 or > 0.97).ToList();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{problems} questions, one sample, {means} means: "
                + $"{100 * covered.Min():0.0} to {100 * covered.Max():0.0} %, {outside.Count} outside of 93 to 97, of which "
                + $"{outside.Count(i => !AnyHolds(problems, all[i]))} can have no interval within"));
        }
    }

    private static bool AnyHolds(int problems, double mean)
    {
        var p = Hypergeometric.Binomial(problems, mean);
        return Enumerable.Range(0, p.Length).Any(first =>
        {
            var sum = 0.0;
            return p.Skip(first).Any(x => (sum += x) is >= 0.93 and <= 0.97);
        });
    }

    private static double Held(int problems, double mean, Func<int, (double Low, double High)> interval)
    {
        var p = Hypergeometric.Binomial(problems, mean);
        return Enumerable.Range(0, p.Length).Where(c => interval(c) is var (low, high) && low <= mean && mean <= high).Sum(c => p[c]);
    }

    private static int[] Counts(int problems, int right) => [.. Enumerable.Range(0, problems).Select(i => i < right ? 1 : 0)];

    private static void Row(string name, SimulatedScores shape, int evaluations)
    {
        var cells = S_means.Select(mean =>
        {
            var truth = shape with { Mean = mean };
            var seed = ++s_cell;
            var (ours, plain) = (new bool[evaluations], new bool[evaluations]);
            Parallel.For(0, evaluations, Workers.Options, e =>
            {
                var right = truth.Draw(seed, e);
                ours[e] = Ends(Estimate.OfCounts(right, truth.Samples)) is var (low, high) && low <= mean && mean <= high;
                plain[e] = Plain(AverageAtK.Of(right, truth.Samples)) is var (from, to) && from <= mean && mean <= to;
            });
            return string.Create(CultureInfo.InvariantCulture, $"{100 * Share(ours):0.0} ({100 * Share(plain):0})");
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {shape.Problems} | {shape.Samples} | {name} | {string.Join(" | ", cells)} |"));
    }

    private static double Share(bool[] held) => held.Count(h => h) / (double)held.Length;

    private static (double Low, double High) Ends(Estimate e) => (e.Low, e.High);

    private static (double Low, double High) Plain(AverageAtK a) => (a.Mean - (1.96 * a.StandardError), a.Mean + (1.96 * a.StandardError));
}
