using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

public class StatsCommandTests
{
    [Fact]
    public void One_run_has_its_mean_and_interval()
    {
        var call = Stats(Lines(("", [1, 0, 1, 1])), "--json");
        call.Exit.ShouldBe(0, call.Error);
        var row = Rows(call)[0];
        row["avg_at_k"].Double().ShouldBe(0.75);
        row["low"].Double().ShouldBeInRange(0.2, 0.75);
        row["high"].Double().ShouldBeInRange(0.75, 1);
        row["method"]!.GetValue<string>().ShouldBe("binomial");
        row["difference"].ShouldBeNull();
    }

    [Fact]
    public void Several_runs_are_compared_with_the_first()
    {
        double[] low = [.. Enumerable.Range(0, 60).Select(i => i % 3 == 0 ? 1.0 : 0)];
        double[] high = [.. Enumerable.Range(0, 60).Select(i => i % 3 != 1 ? 1.0 : 0)];
        var call = Stats(Lines(("base", low), ("same", low), ("good", high)), "--json");
        call.Exit.ShouldBe(0, call.Error);
        var rows = Rows(call);
        rows[1]["verdict"]!.GetValue<string>().ShouldBe("noise");
        rows[1]["difference"].Double().ShouldBe(0);
        rows[1]["difference_low"].Double().ShouldBeLessThan(0);
        rows[1]["difference_high"].Double().ShouldBeGreaterThan(0);
        rows[1]["problems_to_settle"].ShouldBeNull();
        rows[2]["verdict"]!.GetValue<string>().ShouldBe("better");
        rows[2]["gained"]!.AsArray().Count.ShouldBe(20);
        rows[2]["lost"]!.AsArray().ShouldBeEmpty();
        rows[2]["mcnemar_p"].Double().ShouldBe(2 * Math.ScaleB(1, -20), 1e-12);
        call.Out.ShouldContain("\"tied\":[[\"good\"],[\"base\",\"same\"]]");
        var against = Stats(Lines(("base", low), ("good", high)), "--json", "--against", "good");
        Rows(against)[0]["verdict"]!.GetValue<string>().ShouldBe("worse");
    }

    [Fact]
    public void Equal_rows_are_equivalent_within_a_margin_that_the_data_can_show()
    {
        double[] scores = [.. Enumerable.Range(0, 400).Select(i => i % 2 * 1.0)];
        var lines = Lines(("a", scores), ("b", scores));
        Rows(Stats(lines, "--json", "--margin", "0.05"))[1]["verdict"]!.GetValue<string>().ShouldBe("equivalent");
        Rows(Stats(lines, "--json", "--margin", "0.001"))[1]["verdict"]!.GetValue<string>().ShouldBe("noise");
        Stats(lines, "--margin", "0").ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("--margin"));
    }

    [Fact]
    public void Tables_come_as_text_csv_latex_and_markdown()
    {
        var lines = Lines(("a_1", [1, 0, 1, 1]), ("b", [0, 0, 1, 1]));
        Stats(lines).Out.ShouldContain("not distinguishable; the smallest difference this could show is");
        Stats(lines, "--csv").Lines[1].ShouldStartWith("a_1,0.75,");
        Stats(lines, "--latex").Out.ShouldContain(@"a\_1 & 75.0 \% &");
        Stats(lines, "--markdown").Lines[1].ShouldStartWith("| --- | ---: |");
        Stats(lines, "--csv", "--json").Exit.ShouldBe(2);
    }

    [Fact]
    public void Seeds_are_runs_of_one_row()
    {
        var lines = string.Concat(from seed in Enumerable.Range(0, 3)
                                  from i in Enumerable.Range(0, 20)
                                  select $"{{\"run\":\"a\",\"seed\":{seed},\"problem\":{i},\"score\":{(i + seed) % 2}}}\n");
        var row = Rows(Stats(lines, "--json")).ShouldHaveSingleItem();
        row["samples"]!.GetValue<long>().ShouldBe(60);
        row["method"]!.GetValue<string>().ShouldBe("wilson");
    }

    [Theory]
    [InlineData("{\"problem\":\"a\"}", "no line with a score")]
    [InlineData("{\"score\":1}", "line 1")]
    [InlineData("[1]", "line 1")]
    [InlineData("{\"problem\":\"a\",\"score\":\"x\"}", "score")]
    [InlineData("{\"problem\":\"a\",\"score\":1e999}", "score")]
    [InlineData("{\"problem\":\"a\",\"score\":1,\"sample\":0}\n{\"problem\":\"a\",\"score\":0,\"sample\":0}", "stands once")]
    [InlineData("not json", "line 1")]
    public void Lines_that_are_none_name_themselves(string lines, string word)
    {
        var call = Stats(lines);
        call.Exit.ShouldBe(2);
        call.Error.ShouldContain(word);
        call.Error.ShouldNotContain("   at ");
    }

    [Fact]
    public void A_file_that_is_not_there_is_a_wrong_call() =>
        Call.Tenon("stats", "--input", "/nowhere.jsonl")
        .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("nowhere.jsonl"));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Averages_and_paired_tests_equal_the_references_through_the_verb(bool all)
    {
        foreach (var line in Golden(all, "intervals.jsonl").Where(l => l["what"]!.GetValue<string>() == "avg@k"))
        {
            var k = line["k"]!.GetValue<int>();
            var lines = line["correct"]!.AsArray()
                .SelectMany((c, i) => Enumerable.Range(0, k).Select(j => Line("", $"{i}", j < (int)c! ? 1 : 0)));
            var row = Rows(Stats(string.Concat(lines), "--json"))[0];
            Near(row["avg_at_k"], line["mean"]);
            Near(row["standard_error"], line["standard_error"]);
            Near(row["within_problems"], line["within_question_se"]);
        }

        foreach (var line in Golden(all, "tests.jsonl").Where(l => l["what"]!.GetValue<string>() == "paired"))
        {
            var text = new[] { "first", "second" }.SelectMany(run => line[run]!.AsArray().Select((x, i) => Line(run, $"{i}", (double)x!)));
            var tests = Rows(Stats(string.Concat(text), "--json"))[1]["tests"]!;
            Near(tests["t"], line["t"]);
            Near(tests["t_p"], line["p_two_sided"]);
            Near(tests["t_low"], line["ci95"]![0]);
            Near(tests["t_high"], line["ci95"]![1]);
            Near(tests["cohen_dz"], line["cohen_d_z"]);
            Near(tests["cohen_d"], line["cohen_d_pooled"]);
            if (line["permutation_p_two_sided"] is { } p) tests["sign_flip_p"].Double().ShouldBe((double)p);
        }
    }

    private static void Near(JsonNode? got, JsonNode? expected)
    {
        if (expected is null) return;
        got.Double().ShouldBe((double)expected, 1e-9 * Math.Max(1, Math.Abs((double)expected)));
    }

    private static IEnumerable<JsonObject> Golden(bool all, string file)
    {
        var folder = all ? GoldenFolder.Require("statistics") : Path.Combine(AppContext.BaseDirectory, "Golden", "statistics");
        return File.ReadLines(Path.Combine(folder, file)).Select(l => JsonNode.Parse(l)!.AsObject());
    }

    private static Call Stats(string lines, params string[] options) => Call.With(lines, ["stats", "--input", "-", .. options]);

    private static List<JsonObject> Rows(Call call) => [.. JsonNode.Parse(call.Lines[^1])!["rows"]!.AsArray().Select(r => r!.AsObject())];

    private static string Lines(params (string Run, double[] Scores)[] runs) =>
        string.Concat(runs.SelectMany(r => r.Scores.Select((s, i) => Line(r.Run, $"p{i}", s))));

    private static string Line(string run, string problem, double score)
    {
        var json = new JsonObject { ["problem"] = problem, ["score"] = score };
        if (run.Length > 0) json["run"] = run;
        return json.ToJsonString(JsonSerializerOptions.Default) + "\n";
    }
}

file static class Nodes
{
    public static double Double(this JsonNode? node) => double.Parse(node!.ToJsonString(), CultureInfo.InvariantCulture);
}
