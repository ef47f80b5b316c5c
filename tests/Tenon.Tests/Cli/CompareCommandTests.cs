using System.Text.Json.Nodes;
using Tenon.Tests.Evaluation.Reports;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

public class CompareCommandTests
{
    [Fact]
    public void Two_evaluations_are_paired_by_problem()
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("a"), "gsm8k", i => i % 3 == 0, problems: 90);
        Write(folder.File("b"), "gsm8k", i => i % 3 != 1, problems: 90, reversed: true);
        var call = Call.Tenon("compare", folder.File("a"), folder.File("b"), "--json");
        call.Exit.ShouldBe(0, call.Error);
        var json = JsonNode.Parse(call.Lines.ShouldHaveSingleItem())!;
        json["benchmark"]!.GetValue<string>().ShouldBe("gsm8k");
        json["problems"]!.GetValue<int>().ShouldBe(90);
        var row = json["rows"]![1]!;
        row["verdict"]!.GetValue<string>().ShouldBe("better");
        row["gained"]!.AsArray().Count.ShouldBe(30);
        row["pass_at"]!["4"]!.GetValue<double>().ShouldBe(2 / 3.0, 1e-12);
        row["length_mean"]!.GetValue<double>().ShouldBe(10);
        row["truncated"]!.GetValue<double>().ShouldBe(0.25);
        json["tied"]!.ToJsonString().ShouldBe("""[["b"],["a"]]""");
        Call.Tenon("compare", folder.File("a"), folder.File("b")).Out.ShouldContain("is better than");
    }

    [Fact]
    public void Rows_are_called_by_what_tells_their_paths_apart()
    {
        using var folder = new TemporaryFolder();
        foreach (var at in new[] { "one/eval", "two/eval", "two/eval/more", "three" })
            Write(folder.File(at), "gsm8k", i => i % 2 == 0, problems: 4);
        Names("one/eval", "two/eval").ShouldBe(["one", "two"]);
        Names("two/eval/more", "three", "one/eval").ShouldBe(["two/eval/more", "three", "one/eval"]);
        Names("name=three", "one/eval").ShouldBe(["name", "eval"]);
        Call.Tenon("compare", folder.File("one/eval"), folder.File("two/eval"), "--against", folder.File("two/eval")).Exit.ShouldBe(0);
        Call.Tenon("compare", folder.File("one/eval"), folder.File("two/eval"), "--against", "two").Exit.ShouldBe(0);

        string[] Names(params string[] places)
        {
            var words = places.Select(p => p.StartsWith("name=", StringComparison.Ordinal) ? "name=" + folder.File(p[5..]) : folder.File(p));
            var call = Call.Tenon(["compare", .. words, "--json"]);
            call.Exit.ShouldBe(0, call.Error);
            return [.. JsonNode.Parse(call.Lines[0])!["rows"]!.AsArray().Select(row => (string)row!["name"]!)];
        }
    }

    [Theory]
    [InlineData("temperature", "0.5", "sampling.temperature")]
    [InlineData("prompt", "plain", "prompt")]
    [InlineData("data", "other", "data.sha256")]
    [InlineData("grader", "boxed", "grader")]
    public void Another_question_is_refused_unless_told(string what, string value, string key)
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("a"), "gsm8k", i => i % 2 == 0, problems: 10);
        Write(folder.File("b"), "gsm8k", i => i % 2 == 0, problems: 10, change: json =>
        {
            if (what == "temperature") json["sampling"]!["temperature"] = 0.5;
            else if (what == "data") json["data"]!["sha256"] = value;
            else json[what] = value;
        });
        var call = Call.Tenon("compare", folder.File("a"), folder.File("b"));
        call.Exit.ShouldBe(2);
        call.Error.ShouldContain(key);
        call.Error.ShouldContain(value);
        Call.Tenon("compare", folder.File("a"), folder.File("b"), "--force").Exit.ShouldBe(0);
        Call.Tenon("compare", folder.File("a"), folder.File("b"), "--across", what).Exit.ShouldBe(0);
        Call.Tenon("compare", folder.File("a"), folder.File("b"), "--across", "nothing").Exit.ShouldBe(2);
    }

    [Fact]
    public void A_run_is_compared_with_itself_before_training()
    {
        using var folder = new TemporaryFolder();
        var run = RunReportTests.WriteRun(folder.File("first"), 4);
        var call = Call.Tenon("compare", run, "--json");
        call.Exit.ShouldBe(0, call.Error);
        var rows = JsonNode.Parse(call.Lines[0])!["rows"]!;
        rows[0]!["name"]!.GetValue<string>().ShouldBe("before");
        rows[1]!["gained"]!.AsArray().Count.ShouldBe(3);
        Call.Tenon("compare", run + "@0", run + "@4").Exit.ShouldBe(0);
        Call.Tenon("compare", run + "@3", run).ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("0, 4"));
    }

    [Fact]
    public void Two_seeds_of_one_recipe_are_not_distinguishable_and_one_row_together()
    {
        using var folder = new TemporaryFolder();
        for (var seed = 1; seed <= 4; seed++)
            Write(folder.File($"s{seed}"), "math", i => ((i * 37) + (seed * 11)) % 100 < (seed > 2 ? 80 : 40), problems: 100,
                change: j => j["seed"] = seed);
        Call.Tenon("compare", folder.File("s1"),
            folder.File("s2")).Out.ShouldContain("not distinguishable; the smallest difference this could show is");
        var rows =
            Call.Tenon("compare", $"base={folder.File("s1")},{folder.File("s2")}", $"good={folder.File("s3")},{folder.File("s4")}",
            "--json");
        rows.Exit.ShouldBe(0, rows.Error);
        var json = JsonNode.Parse(rows.Lines[0])!;
        json["rows"]![1]!["name"]!.GetValue<string>().ShouldBe("good");
        json["rows"]![1]!["verdict"]!.GetValue<string>().ShouldBe("better");
    }

    [Fact]
    public void Rows_without_a_common_problem_are_compared_as_groups()
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("a"), "task", i => i % 2 == 0, problems: 20);
        Write(folder.File("b"), "task", i => i % 2 == 0, problems: 20, prefix: "q");
        var call = Call.Tenon("compare", folder.File("a"), folder.File("b"));
        call.Exit.ShouldBe(0, call.Error);
        call.Out.ShouldContain("no problem in common");
        call.Out.ShouldContain("noise");
    }

    [Fact]
    public void What_is_no_evaluation_is_a_wrong_call()
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("a"), "gsm8k", _ => true, problems: 3);
        Write(folder.File("b"), "math", _ => true, problems: 3);
        foreach (var (words, message) in new (string[], string)[]
        {
            ([], "two folders"), (["/nowhere", folder.File("a")], "nothing there"), ([folder.File("a"), folder.File("b")], "every row"),
            ([folder.File("a"), folder.File("a")], "twice"),
            ([folder.File("a"), folder.File("a").Replace("/a", "/./a", StringComparison.Ordinal), "--against", "x"], "--against"),
            ([folder.File("a")], "two folders"),
        })
        {
            var call = Call.Tenon(["compare", .. words]);
            call.Exit.ShouldBe(2);
            call.Error.ShouldContain(message);
        }
    }

    [Fact]
    public void A_plan_says_what_could_be_shown()
    {
        JsonNode Plan(params string[] options) => JsonNode.Parse(Call.Tenon(["compare", "--plan", "--json", .. options]).Lines[0])!;
        var small = Plan("--problems", "30", "--samples", "32", "--seeds", "1")["smallest_difference"]!.GetValue<double>();
        var large = Plan("--problems", "500", "--samples", "32", "--seeds", "1")["smallest_difference"]!.GetValue<double>();
        large.ShouldBeLessThan(small);
        small.ShouldBeInRange(0.05, 0.2);
        var needed = Plan("--problems", "30", "--samples", "4", "--seed-deviation", "0", "--difference", "0.05");
        var n = needed["problems_needed"]!.GetValue<long>();
        Plan("--problems", $"{n}", "--samples", "4", "--seed-deviation", "0")["smallest_difference"]!.GetValue<double>()
            .ShouldBeLessThanOrEqualTo(0.05);
        Plan("--problems", $"{n - 1}", "--samples", "4", "--seed-deviation", "0")["smallest_difference"]!.GetValue<double>()
            .ShouldBeGreaterThan(0.05);
        Plan("--difference", "0.001")["problems_needed"].ShouldBeNull();
        Call.Tenon("compare", "--plan", "--mean", "2").Exit.ShouldBe(2);

        var spread = Call.Tenon("compare", "--plan", "--problems", "256", "--difference", "0.02").Out;
        spread.ShouldContain("No number of problems shows 2.0 points with 1 seed: runs of one recipe differ by a standard deviation of "
            + "1.0 points, and that alone hides differences below 4.0 points; more seeds help, more problems do not.");
        spread.ShouldContain("No number of seeds shows 2.0 points with 256 problems");
        var both = JsonNode.Parse(Call.Tenon("compare", "--plan", "--problems", "256", "--difference", "0.02", "--json").Lines[0])!;
        both["smallest_of_seeds"]!.GetValue<double>().ShouldBe(0.0396, 1e-4);
        both["why"]!.GetValue<string>().ShouldContain("together show it");
        Call.Tenon("compare", "--plan", "--difference", "0.02").Out.ShouldContain("80 % probability");
    }

    [Fact]
    public void One_evaluation_is_reported_on_and_what_is_none_is_an_error()
    {
        using var folder = new TemporaryFolder();
        Write(folder.File("eval/a"), "gsm8k", i => i % 3 == 0, problems: 9);
        var call = Call.Tenon("report", folder.File("eval/a"));
        call.Exit.ShouldBe(0, call.Error);
        call.Lines[0].ShouldBe(folder.File("eval/a/report.html"));
        var page = File.ReadAllText(call.Lines[0]);
        page.ShouldContain("gsm8k@4");
        page.ShouldContain("9 problems, 36 samples");
        page.ShouldContain("wrong, cut by the limit: 6 of 36");
        page.ShouldContain("What the figures depend on");

        Write(folder.File("eval/b"), "math", i => i % 3 == 0, problems: 9);
        Call.Tenon("report", folder.File("eval"), "--output", folder.File("both.html")).Exit.ShouldBe(0);
        File.ReadAllText(folder.File("both.html")).ShouldContain("<h2>math@4</h2>");

        Directory.CreateDirectory(folder.File("empty"));
        var none = Call.Tenon("report", folder.File("empty"));
        none.Exit.ShouldBe(2);
        none.Error.ShouldContain("none of them");
    }

    /// <summary>An evaluation folder of four samples a problem, all with one verdict.</summary>
    private static void Write(
        string folder, string benchmark, Func<int, bool> right, int problems, bool reversed = false, string prefix =
        "p", Action<JsonObject>? change = null)
    {
        Directory.CreateDirectory(folder);
        var identity = JsonNode.Parse("""
            {"model":"tiny","weights_sha256":"1","data":{"sha256":"d","path":"x.jsonl"},"prompt":"boxed","sampling":{"temperature":1,"top_p":1},"grader":"tenon","seed":42}
            """)!.AsObject();
        identity["adapter"] = folder;
        change?.Invoke(identity);
        File.WriteAllText(Path.Combine(folder, "identity.json"), identity.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "summary.json"), new JsonObject { ["benchmark"] = $"{benchmark}@4" }.ToJsonString());
        var order = Enumerable.Range(0, problems);
        File.WriteAllLines(Path.Combine(folder, "samples.jsonl"),
            (reversed ? order.Reverse() : order).SelectMany(i => Enumerable.Range(0, 4).Select(j =>
            new JsonObject
            {
                ["problem"] = $"{prefix}{i}", ["sample"] = j, ["score"] = right(i) ? 1
                : 0, ["correct"] = right(i), ["tokens"] = 10, ["finish"] = j == 0 ? "length" : "stop",
            }.ToJsonString())).Append("{\"problem\":\"p0\",\"sam"));
    }
}
