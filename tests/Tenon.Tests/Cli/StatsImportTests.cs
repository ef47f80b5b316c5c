using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>Sample files of other tools, in their own shapes, judged again.</summary>
public class StatsImportTests
{
    [Fact]
    public void Lm_eval_samples_stand_under_their_verdicts_and_ours()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("s.jsonl"), """
            {"doc_id":0,"doc":{"question":"6*7?","answer":"6*7=<<42>>42\n#### 42"},"target":"6*7=42\n#### 42","resps":[["So \\boxed{42.0}"]],"filtered_resps":["42.0"],"filter":"strict-match","metrics":["exact_match"],"exact_match":0.0}
            {"doc_id":0,"doc":{"question":"6*7?","answer":"6*7=<<42>>42\n#### 42"},"target":"6*7=42\n#### 42","resps":[["So \\boxed{42.0}"]],"filtered_resps":["42"],"filter":"flexible-extract","metrics":["exact_match"],"exact_match":1.0}
            {"doc_id":1,"doc":{"question":"1+1?","answer":"#### 2"},"target":"#### 2","resps":[["\\boxed{3}"]],"filtered_resps":["3"],"filter":"strict-match","metrics":["exact_match"],"exact_match":0.0}
            {"doc_id":1,"doc":{"question":"1+1?","answer":"#### 2"},"target":"#### 2","resps":[["\\boxed{3}"]],"filtered_resps":["3"],"filter":"flexible-extract","metrics":["exact_match"],"exact_match":0.0}
            """);
        var call = Call.Tenon("stats", "--input", folder.File("s.jsonl"), "--from", "lm-eval", "--filter", "strict-match", "--json");
        call.Exit.ShouldBe(0, call.Error);
        var json = JsonNode.Parse(call.Lines[0])!;
        json["rows"]![0]!["avg_at_k"]!.GetValue<double>().ShouldBe(0);
        json["rows"]![1]!["avg_at_k"]!.GetValue<double>().ShouldBe(0.5);
        var changed = json["changed"]!.AsArray().ShouldHaveSingleItem()!;
        changed["problem"]!.GetValue<string>().ShouldBe("0");
        changed["ours"]!.GetValue<int>().ShouldBe(1);
        var text = Call.Tenon("stats", "--input", folder.File("s.jsonl"), "--from", "lm-eval", "--filter", "strict-match");
        text.Out.ShouldContain("make 1 right that were wrong and 0 wrong that were right");
    }

    [Theory]
    [InlineData("<think>\\n", 0)]
    [InlineData("<think></think>", 1)]
    public void A_think_block_that_the_prompt_opened_is_known_when_samples_are_judged_again(string end, double right)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("b.jsonl"), $$"""
            {"prompt":"<|user|>3+4?<|assistant|>{{end}}","answer":"7","outputs":[{"text":"The answer is 7. In"}],"gold":"7"}
            """);
        var call = Call.Tenon("stats", "--input", folder.File("b.jsonl"), "--from", "vllm", "--json");
        call.Exit.ShouldBe(0, call.Error);
        JsonNode.Parse(call.Lines[0])!["rows"]!.AsArray()[^1]!["avg_at_k"]!.GetValue<double>().ShouldBe(right);
    }

    [Fact]
    public void Lighteval_details_are_read()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("d.jsonl"), """
            {"doc":{"id":"a","query":"?","choices":["\\frac{1}{2}"],"gold_index":[0]},"metric":{"extractive_match":0},"model_response":{"text":["So \\boxed{0.5}"]}}
            {"doc":{"id":"b","query":"?","choices":["7"],"gold_index":0},"metric":{"extractive_match":1},"model_response":{"text":["So \\boxed{7}"]}}
            """);
        var json = JsonNode.Parse(Call.Tenon("stats", "--input", folder.File("d.jsonl"), "--from", "lighteval", "--json").Lines[0])!;
        json["rows"]![0]!["avg_at_k"]!.GetValue<double>().ShouldBe(0.5);
        json["rows"]![1]!["avg_at_k"]!.GetValue<double>().ShouldBe(1);
        json["changed"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public void Vllm_batches_take_their_golds_from_the_data()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("data.jsonl"), """
            {"id":"p1","problem":"1+1?","answer":"2"}
            {"id":"p2","problem":"2+2?","answer":"4"}
            """);
        File.WriteAllText(folder.File("b.jsonl"), """
            {"id":"r1","custom_id":"p1","response":{"status_code":200,"body":{"choices":[{"index":0,"message":{"content":"\\boxed{2}"}},{"index":1,"message":{"content":"\\boxed{3}"}}]}},"error":null}
            {"id":"r2","custom_id":"p2","response":{"status_code":200,"body":{"choices":[{"index":0,"message":{"content":"4"}},{"index":1,"message":{"content":"\\boxed{4}"}}]}},"error":null}
            """);
        string[] words = ["stats", "--input", folder.File("b.jsonl"), "--from", "vllm", "--json"];
        var row = JsonNode.Parse(Call.Tenon([.. words, "--data", folder.File("data.jsonl")]).Lines[0])!["rows"]!.AsArray()
            .ShouldHaveSingleItem()!;
        row["avg_at_k"]!.GetValue<double>().ShouldBe(0.75);
        row["pass_at"]!["2"]!.GetValue<double>().ShouldBe(1);
        Call.Tenon(words).ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("--data FILE"));
    }

    [Fact]
    public void Another_tools_file_says_what_it_lacks()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("x.jsonl"), "{\"problem\":\"a\"}\n");
        foreach (var tool in new[] { "vllm", "lighteval", "lm-eval" })
            Call.Tenon("stats", "--input", folder.File("x.jsonl"), "--from", tool)
                .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("line 1"));
        Call.Tenon("stats", "--input", folder.File("x.jsonl"), "--from", "verl")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("lm-eval"));
    }
}
