using Tenon.Studies;
using Tenon.Tests.Support;

namespace Tenon.Tests.Studies;

/// <summary>What a study's recipe says, and what is refused in it.</summary>
public class StudyRecipeTests
{
    private const string Base = """
        base:
          model: tiny
          data: { task: { name: arithmetic, level: 2 } }
          steps: 3
        """;

    private static StudyRecipe Read(string yaml) => StudyRecipeReader.Parse(yaml, "study.yaml", ".");

    private static string FaultOf(string yaml) => Should.Throw<TenonException>(() => Read(yaml)).Message;

    private static StudyPlan Plan(string yaml) => new(Read(yaml));

    [Fact]
    public void Axes_become_rows_in_their_order()
    {
        var plan = Plan(Base + """

            axes: { adapter.method: [lora, dora], adapter.rank: [4, 8] }
            seeds: [1, 2]
            compare-with: { adapter.method: lora }
            """);
        plan.Rows.Select(r => r.Label).ShouldBe(["lora, 4", "lora, 8", "dora, 4", "dora, 8"]);
        plan.ReferenceOf(plan.Rows[3])!.Label.ShouldBe("lora, 8");
        plan.ReferenceOf(plan.Rows[0])!.Label.ShouldBe("lora, 4");
        plan.Cells(_ => null).Count.ShouldBe(8);
        plan.Cells(_ => null).Select(c => c.Settings!.Seed).Distinct().ShouldBe([1, 2]);
        plan.Cells(_ => null)[^1].Settings!.Adapter.Method.ShouldBe("dora");
        plan.Cells(_ => null)[^1].Settings!.Adapter.Rank.ShouldBe(8);
    }

    [Fact]
    public void A_value_may_set_several_keys_and_ablations_are_grids_of_their_own()
    {
        var plan = Plan(Base + """

            axes: { adapter: [{ method: lora }, { method: lora, rank: 1 }] }
            ablations: { loss: { objective.preset: [grpo, dapo] } }
            seeds: [1]
            """);
        plan.Rows.Select(r => r.Label).ShouldBe(["lora", "lora, rank 1", "loss: grpo", "loss: dapo"]);
        plan.ReportCells(plan.Rows[1], _ => null)[0].Settings!.Adapter.Rank.ShouldBe(1);
    }

    [Fact]
    public void Rates_are_factors_of_the_methods_own_default()
    {
        var plan = Plan(Base + """

            axes: { adapter.method: [lora, ln-tuning] }
            tune: { optimizer.learning-rate: { around: default, factors: [0.5, 1] }, seeds: [1] }
            seeds: [2]
            """);
        var rates = plan.Rows.Select(row => plan.Candidates(row).Select(c => double.Parse(c[0].Value)).ToList()).ToList();
        foreach (var pair in rates) pair[0].ShouldBe(pair[1] / 2, 1e-9);
        rates[0][1].ShouldNotBe(rates[1][1]);
        plan.ReportCells(plan.Rows[0], _ => null).ShouldBeEmpty();
        plan.MostCells.ShouldBe((2 * 2) + 2);
    }

    [Fact]
    public void A_row_that_sets_a_tuned_key_itself_is_not_tuned_in_it()
    {
        var plan = Plan(Base + """

            axes: { adapter.method: [lora] }
            ablations: { rate: { optimizer.learning-rate: [1e-5, 1e-2] } }
            tune: { rates: [1e-4, 1e-3], seeds: [1] }
            seeds: [3]
            """);
        plan.TuneCells(plan.Rows[0], _ => null).Count.ShouldBe(2);
        plan.TuneCells(plan.Rows[2], _ => null).ShouldBeEmpty();
        plan.ReportCells(plan.Rows[2], _ => null).Single().Settings!.Optimizer.LearningRate.ShouldBe(1e-2);
    }

    [Fact]
    public void The_best_value_is_reported_and_one_that_failed_never()
    {
        var plan = Plan(Base + """

            tune: { rates: [1e-4, 1e-3, 1e-2], seeds: [1, 2] }
            seeds: [3]
            """);
        CellResult? ResultOf(StudyCell cell) => cell.Role == StudyRole.Report ? null : cell.Tuned.Values.Single() switch
        {
            "1e-4" => new CellResult(CellStatus.Done) { Accuracy = new Dictionary<string, double> { ["held-out@1"] = 0.4 } },
            "1e-3" => new CellResult(CellStatus.Done) { Accuracy = new Dictionary<string, double> { ["held-out@1"] = 0.6 } },
            _ when cell.Seed == 1 => new CellResult(CellStatus.Done) { Accuracy = new Dictionary<string, double> { ["held-out@1"] = 0.9 } },
            _ => new CellResult(CellStatus.Diverged),
        };
        plan.Chosen(plan.Rows[0], ResultOf)!.Single().Value.ShouldBe("1e-3");
        plan.ReportCells(plan.Rows[0], ResultOf).Single().Settings!.Optimizer.LearningRate.ShouldBe(1e-3);
        plan.Chosen(plan.Rows[0], cell => cell.Role == StudyRole.Tune ? new CellResult(CellStatus.Diverged) : null).ShouldBeNull();
    }

    [Fact]
    public void Problems_that_are_tuned_on_are_not_those_that_are_reported()
    {
        var plan = Plan(Base + "\ntune: { rates: [1e-4], seeds: [1] }\nseeds: [3, 4]");
        var tuned = plan.Cell(plan.Rows[0], plan.Candidates(plan.Rows[0])[0], 1, StudyRole.Tune).Settings!.Evaluate.Seed;
        var seeds = new long[] { 3, 4 }.Select(seed =>
            plan.Cell(plan.Rows[0], plan.Candidates(plan.Rows[0])[0], seed, StudyRole.Report).Settings!.Evaluate.Seed).Distinct();
        seeds.ShouldHaveSingleItem().ShouldNotBe(tuned);
    }

    [Fact]
    public void Halving_runs_the_better_half_on_each_further_seed()
    {
        var plan = Plan(Base + """

            tune: { rates: [1e-5, 1e-4, 1e-3, 1e-2], seeds: [1, 2, 3], halving: true }
            seeds: [4]
            """);
        CellResult ResultOf(StudyCell cell) => new(CellStatus.Done)
        {
            Accuracy = new Dictionary<string,
            double>
            { ["held-out@1"] = -Math.Abs(Math.Log10(double.Parse(cell.Tuned.Values.Single())) + 4) },
        };
        plan.TuneCells(plan.Rows[0], _ => null).Count.ShouldBe(4);
        plan.TuneCells(plan.Rows[0], ResultOf).Count.ShouldBe(4 + 2 + 1);
        plan.Chosen(plan.Rows[0], ResultOf)!.Single().Value.ShouldBe("1e-4");
        plan.MostCells.ShouldBe(4 + 2 + 1 + 1);
    }

    [Fact]
    public void Equal_parameters_choose_the_rank_that_comes_nearest()
    {
        var plan = Plan(Base + """

            axes: { adapter: [{ method: lora, rank: 8 }, { method: miss }, { method: ln-tuning }] }
            seeds: [1]
            compare-with: { adapter: "lora, rank 8" }
            equal: parameters
            """);
        var ranks = plan.Rows.Select(row => plan.ReportCells(row, _ => null)[0].Settings!.Adapter.Rank).ToList();
        ranks[0].ShouldBe(8);
        ranks[1]!.Value.ShouldBeGreaterThan(8);
    }

    [Fact]
    public void A_cell_is_known_by_what_decides_its_result()
    {
        var one = Plan(Base + "\naxes: { adapter.method: [lora, dora] }\nseeds: [1]").Cells(_ => null);
        var more = Plan(Base + "\naxes: { adapter.method: [lora, vera, dora] }\nseeds: [1, 2]").Cells(_ => null);
        var other = Plan(Base.Replace("steps: 3", "steps: 4", StringComparison.Ordinal) + "\naxes: { adapter.method: [lora] }\nseeds: [1]");
        one.Select(c => c.Id).ShouldBeSubsetOf(more.Select(c => c.Id));
        other.Cells(_ => null).Select(c => c.Id).ShouldAllBe(id => one.All(c => c.Id != id));
    }

    [Theory]
    [InlineData("axes: { adapter.method: [lora, dorra] }\nseeds: [1]", "dora")]
    [InlineData("axes: { adapter.metod: [lora] }\nseeds: [1]", "adapter.metod")]
    [InlineData("axes: { adapter.method: lora }\nseeds: [1]", "no list of values")]
    [InlineData("axes: { adapter.method: [lora, lora] }\nseeds: [1]", "2 times")]
    [InlineData("axes: { seed: [1, 2] }\nseeds: [1]", "the study's own `seeds`")]
    [InlineData("seeds: []", "none; expected a list")]
    [InlineData("seeds: [1, x]", "no seed")]
    [InlineData("seeds: [1]\ntune: { rates: [1e-3], seeds: [1] }", "never reported")]
    [InlineData("seeds: [1]\ntune: { rates: [1e-3] }", "tune.seeds")]
    [InlineData("seeds: [1]\nbenchmarks: [math500@1]\ntune: { rates: [1e-3], seeds: [2] }", "tune.benchmarks")]
    [InlineData("seeds: [1]\ntune: { optimizer.learning-rate: { around: default, factors: [0] }, seeds: [2] }", "no number above 0")]
    [InlineData("seeds: [1]\ntune: { adapter.rank: { around: default, factors: [1] }, seeds: [2] }", "expected a number")]
    [InlineData("seeds: [1]\ncompare-with: { adapter.method: lora }", "no axis")]
    [InlineData("axes: { adapter.method: [lora] }\nseeds: [1]\ncompare-with: { adapter.method: dora }", "no value of adapter.method")]
    [InlineData("seeds: [1]\nequal: money", "steps, tokens, time or parameters")]
    [InlineData("seeds: [1]\nfrobnicate: 7", "unknown key")]
    public void A_fault_is_told_with_what_was_expected(string rest, string part) => FaultOf(Base + "\n" + rest).ShouldContain(part);

    [Fact]
    public void All_faults_are_told_at_once_each_with_its_line()
    {
        var message = FaultOf(Base + "\nseeds: [x]\nequal: money\nfrobnicate: 7");
        message.ShouldContain("3 faults");
        message.ShouldContain("line 5");
        message.ShouldContain("line 6");
        message.ShouldContain("line 7");
    }

    [Fact]
    public void The_studies_of_the_repository_can_be_read()
    {
        var files = Directory.GetFiles(Repository.Path("studies"), "*.yaml");
        files.ShouldNotBeEmpty();
        foreach (var file in files) new StudyPlan(StudyRecipeReader.Load(file)).Rows.Count.ShouldBeGreaterThan(1, file);
    }
}
