using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>The lines that <c>tenon bench</c> answers programs with.</summary>
public sealed class BenchCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, InlineData("prefill"), InlineData("sample"), InlineData("train"), InlineData("step")]
    public void A_stage_answers_time_speed_and_peak_memory(string stage)
    {
        File.WriteAllText(_folder["data.jsonl"], "{\"problem\":\"1+1=?\",\"answer\":\"2\"}\n{\"problem\":\"2+3=?\",\"answer\":\"5\"}\n");
        var answer =
            Answer("bench", stage, "tiny", "--data", _folder["data.jsonl"], "--prompts", "2", "--group", "2", "--new", "4", "--rank", "2",
            "--runs", "1", "--json");
        ((string?)answer["stage"]).ShouldBe(stage);
        foreach (var field in (string[])["seconds", "tokens_per_s", "memory_gb", "threads"])
            ((double)answer[field]!).ShouldBeGreaterThan(0, field);
        foreach (var field in (string[])["precision", "cpu", "tier"]) ((string?)answer[field]).ShouldNotBeNullOrEmpty(field);
    }

    [Fact]
    public void A_model_alone_is_sampled_from_but_not_trained()
    {
        File.WriteAllText(_folder["data.jsonl"], "{\"problem\":\"1+1=?\",\"answer\":\"2\"}\n");
        string[] size = ["tiny", "--data", _folder["data.jsonl"], "--prompts", "1", "--group", "2", "--new", "4", "--method", "none"];
        foreach (var stage in (string[])["prefill", "sample"])
            ((double)Answer(["bench", stage, .. size, "--runs", "1", "--json"])["tokens_per_s"]!).ShouldBeGreaterThan(0, stage);
        foreach (var stage in (string[])["train", "step"])
        {
            var refused = Call.Tenon(["bench", stage, .. size]);
            refused.Exit.ShouldBe(2);
            refused.Error.ShouldContain("--method none");
        }
    }

    [Fact, Trait("Speed", "slow")]
    public void A_profile_says_where_the_time_of_a_stage_goes()
    {
        File.WriteAllText(_folder["data.jsonl"], "{\"problem\":\"1+1=?\",\"answer\":\"2\"}\n");
        string[] call =
            ["bench", "train", "tiny", "--data", _folder["data.jsonl"], "--prompts", "1", "--group", "2", "--new", "4", "--rank", "2",
            "--profile"];
        var profile = Answer([.. call, "--json"])["profile"]!;
        var parts = profile["parts"]!.AsArray();
        foreach (var part in
            (string[])["frozen product", "frozen product, gradient", "trained product", "attention", "attention, gradient", "norm",
            "softmax of the head"])
            parts.ShouldContain(p => (string)p!["what"]! == part && (long)p["calls"]! > 0, part);
        (parts.Sum(p => (double)p!["seconds"]!) + (double)profile["outside_seconds"]!).ShouldBe((double)profile["seconds"]!, 0.01);
        var shown = Call.Tenon(call);
        shown.Exit.ShouldBe(0, shown.Error);
        shown.Out.ShouldContain("outside of all jobs");
        shown.Out.ShouldContain("this machine,");
    }

    [Fact, Trait("Speed", "slow")]
    public void Kernels_are_timed_with_their_shapes_and_units()
    {
        var answer = Answer("bench", "kernels", "tiny", "--this-tier", "--runs", "1", "--json");
        var tier = (string)answer["tier"]!;
        var kernels = answer["kernels"]!.AsArray();
        kernels.ShouldAllBe(k => (double)k![tier]! > 0 && (int)k["rows"]! > 0);
        kernels.Select(k => (string)k!["unit"]!).Distinct().Order().ShouldBe(["GB/s", "GFLOP/s"]);
        foreach (var name in
            (string[])["matmul forward", "matmul forward, sum cut", "matmul backward", "weight gradient", "weight gradient, sum cut",
            "head with its gradient", "rms-norm", "softmax and its sum", "attention, decode", "attention, prefill",
            "attention with its gradient", "AdamW, a step with clipping"])
            kernels.ShouldContain(k => (string)k!["name"]! == name, name);
        kernels.Where(k => (string)k!["name"]! == "matmul forward").Select(k => (int)k!["rows"]!).Distinct().ShouldBe([1, 8, 32, 128]);
    }

    private static JsonObject Answer(params string[] arguments)
    {
        var call = Call.Tenon(arguments);
        call.Exit.ShouldBe(0, call.Error);
        call.Lines.Count.ShouldBe(1);
        return JsonNode.Parse(call.Out)!.AsObject();
    }
}
