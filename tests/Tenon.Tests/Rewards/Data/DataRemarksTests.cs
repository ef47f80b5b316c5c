using Tenon.Rewards.Data;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Rewards.Data;

/// <summary>What a reading of a data file says of itself: conversations, values inside columns, lists and solutions as golds.</summary>
public class DataRemarksTests
{
    private const string Asked = """{"role":"user","content":"1+1?"}""";

    [Theory]
    [InlineData($$$"""{"prompt":[{{{Asked}}}],"reward_model":{"ground_truth":"2"}}""",
        "the problems are read from column 'prompt'",
        "the golds are read from column 'reward_model.ground_truth', a value inside the column 'reward_model'",
        "all 1 problems are conversations (column 'prompt'): the last user's message is asked")]
    [InlineData($$$"""{"problem":[{"role":"system","content":"S"},{{{Asked}}}],"answer":"2"}""",
        "all 1 problems are conversations (column 'problem'): the last user's message is asked; 1 have a system message of their own")]
    [InlineData($$$"""{"problem":[{"from":"human","value":"a"},{"from":"gpt","value":"b"},{"from":"human","value":"c"}],"answer":"2"}""",
        "all 1 problems are conversations (column 'problem'): the last user's message is asked; 1 have earlier turns")]
    [InlineData("""{"problem":"q","answer":["2","3"]}""", "all 1 golds are lists (the first in row 1): every part is wanted, in any order")]
    [InlineData("""{"problem":"q","answer":"[\"2\",\"3\"]"}""",
        "all 1 golds are lists (the first in row 1): every part is wanted, in any order")]
    [InlineData("""{"problem":"q","answer":"1+1=2\n#### 2"}""", "all 1 golds are worked solutions: what stands behind #### counts")]
    [InlineData("""{"problem":"q","answer":["2"]}""")]
    [InlineData("""{"problem":"[2, 3] is a list?","answer":"[2,3]"}""")]
    public void What_is_seen_is_said(string row, params string[] remarks) =>
        ProblemFile.Parse(row, "d.jsonl", new()).Notices.ShouldBe(remarks.Select(r => "d.jsonl: " + r));

    [Fact]
    public void Shares_are_counted_and_a_named_path_is_said_too()
    {
        var rows = $$$"""
            {"q":{"text":"1+1?"},"answer":"2"}
            {"q":{"text":"1+2?"},"answer":["2","3"]}
            {"q":{"text":[{{{Asked}}}]},"answer":["2","3"]}
            """;
        ProblemFile.Parse(rows, "d.jsonl", new() { Problem = "q.text" }).Notices.ShouldBe(
        [
            "d.jsonl: the problems are read from 'q.text', a value inside the column 'q'",
            "d.jsonl: 1 of 3 problems are conversations (column 'q.text'): the last user's message is asked",
            "d.jsonl: 2 of 3 golds are lists (the first in row 2): every part is wanted, in any order",
        ]);
    }

    [Fact]
    public void A_dry_run_an_evaluation_and_the_audit_say_it()
    {
        using var folder = new TempFolder();
        var data = folder["d.jsonl"];
        File.WriteAllText(data, $$$"""{"prompt":[{{{Asked}}}],"reward_model":{"ground_truth":"2"}}""" + "\n");
        File.WriteAllText(folder["r.yaml"], $"model: tiny\ndata: {{ train: {data}, prompt: plain }}\n"
            + "rollout: { prompts: 1, group: 2, max-new-tokens: 2 }\nsteps: 1\n");
        var dry = Call.Tenon("train", folder["r.yaml"], "--dry-run");
        dry.Exit.ShouldBe(0, dry.Error);
        var eval = Call.Tenon("eval", "tiny", "--benchmark", $"{data}@1", "--prompt", "plain", "--max-new-tokens", "2", "--output",
            folder["e"]);
        eval.Exit.ShouldBe(0, eval.Error);
        var audit = Call.Tenon("verify", "--audit", data);
        audit.Exit.ShouldBe(0, audit.Error);
        foreach (var call in new[] { dry, eval, audit })
        {
            call.Error.ShouldContain("1 problems are conversations");
            call.Error.ShouldContain("a value inside the column 'reward_model'");
        }
    }
}
