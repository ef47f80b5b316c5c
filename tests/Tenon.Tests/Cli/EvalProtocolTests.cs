using System.Text.Json.Nodes;
using Tenon.Runs.Evaluations;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>Protocols by name, and every part of one by itself, through the verb.</summary>
public sealed class EvalProtocolTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private string Out(string name) => Path.Combine(_runs.Folder, name);

    private string Sums(string name = "bench.jsonl", int count = 4, int first = 0, bool more = false)
    {
        File.WriteAllLines(Out(name), Enumerable.Range(first, count).Select(i =>
        {
            var line = new JsonObject
            {
                ["id"] = $"p{i}", ["problem"] = $"{10 + i}+{200 + 3 * i}=?", ["answer"] = $"{210 + 4 * i}", ["solution"] = $"so \\boxed{{{i}}}",
            };
            if (more) line["source"] = "another file";
            return line.ToJsonString();
        }));
        return Out(name);
    }

    private JsonObject Evaluate(string output, params string[] more)
    {
        var call = Call.Tenon(["eval", "tiny", "--benchmark", Sums() + "@2", "--output", Out(output), "--json",
            .. more.Contains("--max-new-tokens") ? [] : (string[])["--max-new-tokens", "24"], .. more]);
        call.Exit.ShouldBe(0, call.Error);
        return EvaluationFiles.ReadIdentity(Out(output))!;
    }

    private IReadOnlyList<EvaluationSample> Samples(string output) => EvaluationFolder.ReadSamples(Out(output));

    [Theory]
    [InlineData("tenon", "{problem}", 1.0, 1.0, "tenon")]
    [InlineData("paper", "{problem} Please reason step by step, and put your final answer within \\boxed{}.", 0.6, 0.95, "boxed")]
    [InlineData("paper-scripts", "Solve the following math problem step by step.", 0.7, 0.9, "tenon")]
    [InlineData("justrl", "{problem} Please reason step by step, and put your final answer within \\boxed{}.", 0.7, 0.9, "tenon")]
    [InlineData("lm-eval", "Question: {problem}\nAnswer:", 0.0, 1.0, "tenon")]
    public void A_protocol_is_what_its_name_says(string protocol, string prompt, double temperature, double topP, string rules)
    {
        var identity = Evaluate("e", "--protocol", protocol);
        ((string)identity["prompt"]!).ShouldStartWith(prompt);
        ((double)identity["sampling"]!["temperature"]!).ShouldBe(temperature);
        ((double)identity["sampling"]!["top_p"]!).ShouldBe(topP);
        ((string)identity["rules"]!).ShouldStartWith(rules);
        if (protocol == "lm-eval") ((string)identity["sampling"]!["stop"]![0]!).ShouldBe("Question:");
        var asked = ((string)identity["prompt"]!).Replace("{problem}", Samples("e")[0].Question, StringComparison.Ordinal);
        Samples("e")[0].Prompt.ShouldContain(asked);
    }

    [Fact]
    public void The_lengths_of_named_protocols_are_their_own_and_an_unknown_name_is_refused()
    {
        foreach (var (protocol, length) in new[] { ("paper", 32_768), ("paper-scripts", 31_744), ("justrl", 31_744), ("lm-eval", 32_768) })
        {
            var call = Call.Tenon("eval", "tiny", "--benchmark", Sums() + "@1", "--protocol", protocol, "--output", Out(protocol));
            // The embedded model has no room for so many tokens: every prompt is too long, and the call says for what.
            (call.Exit, call.Error.Contains($"{length} new tokens", StringComparison.Ordinal)).ShouldBe((1, true), call.Error);
        }

        var wrong = Call.Tenon("eval", "tiny", "--benchmark", Sums() + "@1", "--protocol", "papr", "--output", Out("x"));
        (wrong.Exit, wrong.Error.Contains("did you mean paper?", StringComparison.Ordinal)).ShouldBe((2, true), wrong.Error);
    }

    [Fact]
    public void Each_way_of_keeping_one_token_alone_is_greedy()
    {
        Evaluate("greedy", "--temperature", "0");
        var greedy = Samples("greedy").Select(s => s.Text).ToList();
        greedy.Where((_, i) => i % 2 == 0).ShouldBe(greedy.Where((_, i) => i % 2 == 1));
        foreach (var (option, value) in new[] { ("--top-k", "1"), ("--top-p", "0.000001"), ("--min-p", "1") })
        {
            var identity = Evaluate(option[2..], option, value);
            ((double)identity["sampling"]!["temperature"]!).ShouldBe(1);
            Samples(option[2..]).Select(s => s.Text).ShouldBe(greedy, option);
        }
    }

    [Fact]
    public void System_stop_and_length_act_by_themselves()
    {
        Evaluate("system", "--system", "Be short; say 1.", "--chat-template", "false");
        Samples("system").ShouldAllBe(s => s.Prompt.StartsWith("Be short; say 1.\n"));
        Evaluate("stop", "--stop", "=", "--temperature", "0");
        Evaluate("whole", "--temperature", "0");
        foreach (var (cut, whole) in Samples("stop").Zip(Samples("whole")))
        {
            cut.Text.ShouldBe(whole.Text.Split('=')[0]);
            cut.Finish.ShouldBe(whole.Text.Contains('=') ? EvaluationSample.Stopped : whole.Finish);
        }

        Evaluate("short", "--max-new-tokens", "5");
        Samples("short").ShouldAllBe(s => s.Tokens <= 5);
    }

    [Fact]
    public void Worked_problems_stand_before_the_question_and_are_part_of_the_identity()
    {
        var shots = Sums("shots.jsonl", 3, 50);
        Evaluate("turns", "--few-shot", "2", "--few-shot-file", shots);
        Samples("turns").ShouldAllBe(s => s.Prompt.Contains("60+350=?<|im_end|>\n<|im_start|>assistant\nso \\boxed{50}<|im_end|>"));
        var two = Evaluate("two", "--few-shot", "2", "--few-shot-file", shots, "--chat-template", "false");
        Samples("two").ShouldAllBe(s => s.Prompt.StartsWith("60+350=? so \\boxed{50}\n\n61+353=? so \\boxed{51}\n\n"));
        Samples("two").ShouldAllBe(s => s.Prompt.EndsWith(s.Question));
        var other = Evaluate("other", "--few-shot", "2", "--few-shot-file", Sums("others.jsonl", 3, 70), "--chat-template", "false");
        other["shots"]!.ToJsonString().ShouldBe(two["shots"]!.ToJsonString());
        other["shots_sha256"]!.ToJsonString().ShouldNotBe(two["shots_sha256"]!.ToJsonString());
        var compared = Call.Tenon("compare", Out("two"), Out("other"));
        (compared.Exit, compared.Error.Contains("shots_sha256", StringComparison.Ordinal)).ShouldBe((2, true));
        foreach (var (words, message) in new (string[], string)[]
        {
            (["--few-shot", "2"], "--few-shot-file"), (["--few-shot", "9", "--few-shot-file", shots], "at most 3"),
        })
        {
            var call = Call.Tenon(["eval", "tiny", "--benchmark", Sums() + "@1", "--output", Out("x"), .. words]);
            (call.Exit, call.Error.Contains(message, StringComparison.Ordinal)).ShouldBe((2, true), call.Error);
        }
    }

    [Fact]
    public void Grader_and_profile_act_by_themselves()
    {
        ((string)Evaluate("boxed", "--profile", "boxed")["rules"]!).ShouldStartWith("boxed");
        var identity = Evaluate("other", "--grader", "exact");
        ((string)identity["grader"]!).ShouldBe("exact");
        var shaping = Call.Tenon("eval", "tiny", "--benchmark", Sums() + "@1", "--grader", "soft-overlong", "--output", Out("x"));
        (shaping.Exit, shaping.Error.Contains("says nothing of right and wrong", StringComparison.Ordinal)).ShouldBe((2, true), shaping.Error);
    }

    [Fact]
    public void Models_with_other_templates_are_asked_the_same_problems()
    {
        File.WriteAllText(Out("config.json"), new JsonObject
        {
            ["model_type"] = "qwen2", ["hidden_size"] = 32, ["intermediate_size"] = 48, ["num_hidden_layers"] = 1,
            ["num_attention_heads"] = 4, ["num_key_value_heads"] = 2, ["vocab_size"] = 300, ["max_position_embeddings"] = 256,
            ["rms_norm_eps"] = 1e-6, ["rope_theta"] = 10000.0, ["tie_word_embeddings"] = true, ["eos_token_id"] = 99,
            ["hidden_act"] = "silu", ["architectures"] = new JsonArray("Qwen2ForCausalLM"),
        }.ToJsonString());
        foreach (var (name, template) in new[] { ("plain", null), ("chat", "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}") })
        {
            Call.Tenon("model", "random", "--like", Out("config.json"), Out(name)).Exit.ShouldBe(0);
            if (template is not null) File.WriteAllText(Path.Combine(Out(name), "chat_template.jinja"), template);
            // Another file of the same problems, with a column that the first does not have.
            var call = Call.Tenon("eval", Out(name), "--benchmark", Sums("bench.jsonl", more: template is not null) + "@2",
                "--max-new-tokens", "8", "--output", Out("e-" + name));
            call.Exit.ShouldBe(0, call.Error);
        }

        Samples("e-chat")[0].Prompt.ShouldStartWith("<user>");
        var (a, b) = (EvaluationFiles.ReadIdentity(Out("e-plain"))!, EvaluationFiles.ReadIdentity(Out("e-chat"))!);
        a["problems_sha256"]!.ToJsonString().ShouldBe(b["problems_sha256"]!.ToJsonString());
        a["tokenizer"]!.ToJsonString().ShouldNotBe(b["tokenizer"]!.ToJsonString());
        var compared = Call.Tenon("compare", Out("e-plain"), Out("e-chat"));
        compared.Exit.ShouldBe(0, compared.Error);
    }

    [Fact]
    public void Several_benchmarks_have_a_macro_average_and_so_have_parts()
    {
        File.WriteAllLines(Out("parts.jsonl"), Enumerable.Range(0, 8).Select(i => new JsonObject
        {
            ["id"] = i, ["problem"] = $"{10 + i}+{200 + i}=?", ["answer"] = $"{210 + 2 * i}", ["subject"] = i < 2 ? "few" : "many",
            ["cluster"] = $"c{i / 2}",
        }.ToJsonString()));
        var call = Call.Tenon("eval", "tiny", "--benchmark", $"{Out("parts.jsonl")}@3,{Sums()}@2", "--prompt", "plain", "--max-new-tokens",
            "40", "--output", Out("e"), "--json");
        call.Exit.ShouldBe(0, call.Error);
        var lines = call.Lines.Select(l => JsonNode.Parse(l)!).ToList();
        lines[0]["macro_average"].ShouldBeNull();
        ((double)lines[1]["macro_average"]!["avg_at_k"]!).ShouldBe(lines.Average(l => (double)l["avg_at_k"]!), 1e-12);
        var parts = lines[0]["by_subject"]!;
        ((double)lines[0]["macro_subject"]!["avg_at_k"]!)
            .ShouldBe(((double)parts["few"]!["avg_at_k"]! + (double)parts["many"]!["avg_at_k"]!) / 2, 1e-12);
        foreach (var figures in new[] { lines[0], parts["few"]!, parts["many"]! })
        {
            foreach (var name in new[] { "truncated", "length_mean", "format", "g_pass_at_k" })
                figures[name + "_interval"]!.AsArray().Count.ShouldBe(2, name);
            foreach (var name in new[] { "pass_at", "g_pass_at" })
                figures[name]!.AsObject().Select(p => p.Key).ShouldBe(figures[name + "_interval"]!.AsObject().Select(p => p.Key));
            ((double)figures["truncated_interval"]![1]!).ShouldBeGreaterThan((double)figures["truncated_interval"]![0]!);
        }

        ((string)lines[0]["interval"]!).ShouldBe("wilson", "clusters of dependent questions");
        EvaluationFolder.ReadSamples((string)lines[0]["folder"]!).ShouldAllBe(s => s.Cluster!.StartsWith('c'));
        Call.Tenon("eval", "tiny", "--benchmark", $"{Out("parts.jsonl")}@3,{Sums()}@2", "--prompt", "plain", "--max-new-tokens", "40",
            "--output", Out("e")).Out.ShouldContain("macro average of 2 benchmarks");
    }
}
