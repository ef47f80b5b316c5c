using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

public class SamplesCommandTests
{
    [Fact]
    public void Completions_are_chosen_by_step_verdict_reward_and_problem()
    {
        using var folder = new TemporaryFolder();
        var run = Write(folder.File("run"));
        Ids(run).ShouldBe(["2a", "2b", "2c"], "the last step without --step");
        Ids(run, "--step", "1").ShouldBe(["1a", "1b", "1c"]);
        Ids(run, "--step", "1", "--wrong").ShouldBe(["1b", "1c"]);
        Ids(run, "--step", "1", "--right").ShouldBe(["1a"]);
        Ids(run, "--step", "1", "--truncated").ShouldBe(["1c"]);
        Ids(run, "--step", "1", "--best", "--limit", "2").ShouldBe(["1a", "1b"]);
        Ids(run, "--step", "1", "--worst", "--limit", "1").ShouldBe(["1c"]);
        Ids(run, "--problem", "b").ShouldBe(["1b", "2b"]);
        Ids(run, "--problem", "b", "--truncated").ShouldBeEmpty();
    }

    [Fact]
    public void A_line_holds_what_the_contract_names_and_a_person_reads_text()
    {
        using var folder = new TemporaryFolder();
        var run = Write(folder.File("run"));
        var line = JsonNode.Parse(Call.Tenon("samples", run, "--json", "--limit", "1").Lines[0])!.AsObject();
        foreach (var key in new[] { "step", "problem", "id", "completion", "reward", "reason", "advantage", "tokens", "finish" })
            line.ContainsKey(key).ShouldBeTrue(key);
        ((double)line["advantage"]!).ShouldBe(0.5);
        Call.Tenon("samples", run, "--json").Out.ShouldAllBe(c => char.IsAscii(c), "an answer to a program is ASCII");
        var text = Call.Tenon("samples", run, "--step", "1", "--truncated").Out;
        text.ShouldContain("wrong (numeric-different), reward -0.500, advantage -0.500, 7 tokens, cut");
        text.ShouldNotContain("\u001b");
    }

    [Fact]
    public void Calls_that_cannot_be_answered_say_why()
    {
        Call.Tenon("samples", "run", "--limit", "1", "--limit", "2").Error.ShouldContain("expects a single argument");
        Call.Tenon("samples", "run", "--limit", "0").Error.ShouldContain("--limit: expected 1 or more");
        using var folder = new TemporaryFolder();
        var run = Write(folder.File("run"));
        Call.Tenon("samples", run, "--wrong", "--right")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("exclude"));
        Call.Tenon("samples", run, "--step", "9").ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("1 to 2"));
        Call.Tenon("samples", run, "--problem", "nobody")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("one of its 3 problems: a, b, c"));
        Call.Tenon("samples", folder.File("none"))
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(1), c => c.Error.ShouldContain("is no run"));
        var file = folder.File("recipe.yaml", "steps: 1");
        Call.Tenon("samples", file).Error.ShouldContain("a file");
    }

    private static string[] Ids(string run, params string[] options)
    {
        var call = Call.Tenon(["samples", run, "--json", .. options]);
        call.Exit.ShouldBe(0, call.Error);
        return [.. call.Lines.Select(line => JsonNode.Parse(line)!).Select(line => $"{line["step"]}{line["id"]}")];
    }

    private static string Write(string path)
    {
        using var run = RunFolder.Create(path, new RunDescription { Recipe = [] });
        for (var step = 1; step <= 2; step++)
            run.WriteSamples(step, new[] { "a", "b", "c" }.Select((id, i) => new SampleRecord
            {
                Step = step, Group = i, Sample = 0, Id = id, Problem = "1+1=?", Answer = "2", Completion = "\u001b[31m2\u00d7", Tokens = 7,
                Truncated = i == 2, Reward = 0.5 - 0.5 * i,
                Advantage = 0.5 - 0.5 * i, Correct = i == 0, Reason = i == 0 ? "numeric-equal" : "numeric-different",
            }.ToJson()));
        return path;
    }
}
