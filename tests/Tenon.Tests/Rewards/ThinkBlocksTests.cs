using System.Text.Json;
using Tenon.MathAnswers;
using Tenon.MathAnswers.Steps;
using Tenon.Rewards.External;
using Tenon.Tests.Support;

namespace Tenon.Tests.Rewards;

public class ThinkBlocksTests
{
    [Theory]
    // Templates that open the block for the model.
    [InlineData("<｜User｜>What is 3+4?<｜Assistant｜><think>\n", "<think>")]
    [InlineData("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n", "<think>")]
    [InlineData("Question: 3+4\n<reasoning>", "<reasoning>")]
    [InlineData("<s>[INST]3+4[/INST][THINK]", "[THINK]")]
    [InlineData("<|im_start|>assistant\n<thinking>\nLet me see. 3+4", "<thinking>")]
    [InlineData("<think>a</think>b<|im_start|>assistant\n<think>\n\n", "<think>")]
    // Templates that closed it again (no thinking wanted), and earlier turns.
    [InlineData("<|im_start|>assistant\n<think>\n\n</think>\n\n", null)]
    [InlineData("<|im_start|>assistant\n<think>a</think>7<|im_end|>\n<|im_start|>user\nAgain?<|im_end|>\n<|im_start|>assistant\n", null)]
    // A system prompt that only speaks of the tags.
    [InlineData("<|im_start|>system\nPut your thoughts between <think> and </think>.<|im_end|>\n<|im_start|>assistant\n", null)]
    [InlineData("<|im_start|>system\nBegin with <think>.<|im_end|>\n<|im_start|>user\n3+4<|im_end|>\n<|im_start|>assistant\n", null)]
    [InlineData("<|im_start|>system\n<think> is where you begin.<|im_end|>\n<|im_start|>assistant\n", null)]
    [InlineData("Use the <think> tag before you answer. 3+4=?\n", null)]
    [InlineData("What is 3+4?", null)]
    [InlineData("", null)]
    public void A_prompt_says_itself_what_it_leaves_open(string prompt, string? tag) => ThinkBlocks.LeftOpen(prompt).ShouldBe(tag);

    [Theory]
    [InlineData("The answer is 7. In", null, "The answer is 7. In")]
    [InlineData("The answer is 7. In", "<think>", null)]
    [InlineData("so 7</think>It is 8.", "<think>", "It is 8.")]
    [InlineData("so 7</think>It is 8.", null, "It is 8.")]
    [InlineData("so 7</reasoning>It is 8.", "<reasoning>", "It is 8.")]
    [InlineData("so 7</reasoning>It is 8.", "<think>", null)]
    [InlineData("so 7</reasoning>It is 8.", ThinkBlocks.UnknownTag, "It is 8.")]
    [InlineData("<think>so 7</think>It is 8.", "<think>", "It is 8.")]
    [InlineData("<think>7", null, null)]
    [InlineData("<thinking>7", null, null)]
    [InlineData("a</think>7<think>8", null, null)]
    [InlineData("<think>1</reasoning>2", null, null)]
    [InlineData("[THINK]1[/THINK]2", null, "2")]
    [InlineData("<think>1</think>2<reasoning>3</reasoning>4", null, "4")]
    public void The_answer_stands_behind_the_last_closed_block(string text, string? opened, string? answer) =>
    ThinkBlocks.After(text, opened).ShouldBe(answer);

    /// <summary>
    /// Every outcome reward: right as it stands, no answer where the prompt has opened the block, right again behind the closing tag.
    /// </summary>
    [Theory]
    [InlineData("math", null, "7", null, "The answer is 7. In")]
    [InlineData("math", null, "7", null, "\\boxed{7}")]
    [InlineData("math", "{\"profile\":\"boxed\"}", "12", null, "so \\boxed{12} and")]
    [InlineData("number", null, "7", null, "\\boxed{7}")]
    [InlineData("exact", null, "cat", null, "\\boxed{cat}")]
    [InlineData("exact", "{\"where\":\"text\"}", "cat", null, "cat")]
    [InlineData("list", null, "1,2", null, "\\boxed{1,2}")]
    [InlineData("multiple-choice", null, "B", "{\"options\":[\"x\",\"y\"]}", "The answer is B")]
    [InlineData("regex", "{\"pattern\":\"it is ([0-9]+)\",\"gold\":true}", "7", null, "it is 7")]
    [InlineData("json-schema", "{\"schema\":{\"type\":\"object\"}}", "", null, "{\"a\":1}")]
    [InlineData("cosine-length", "{\"of\":\"math\"}", "7", null, "\\boxed{7}")]
    public void A_block_that_the_prompt_opened_holds_no_answer(string reward, string? settings, string gold, string? fields, string text)
    {
        var judge = Rows.Reward(reward, settings);
        bool? Correct(string completion, string? opened) =>
            judge.Judge(Rows.Problem(gold, fields), Rows.Completion(completion) with { OpenedBlock = opened }).Correct;

        Correct(text, null).ShouldBe(true);
        Correct(text, "<think>").ShouldBe(false);
        Correct("first 99</think>" + text, "<think>").ShouldBe(true);
        Correct("first 99</reasoning>" + text, "<think>").ShouldBe(false);
    }

    [Fact]
    public void Shaping_rewards_know_the_open_block_too()
    {
        double Score(string reward, string settings, string text) =>
            Rows.Reward(reward, settings).Judge(Rows.Problem("7"), Rows.Completion(text) with { OpenedBlock = "<think>" }).Score;

        Score("think-format", "{}", "2+2=4</think>It is 4.").ShouldBe(1);
        Score("think-format", "{}", "It is 4.").ShouldBe(0);
        Score("think-format", "{\"tag\":\"reasoning\"}", "2+2=4</reasoning>It is 4.").ShouldBe(0);
        Score("steps", "{\"thinking\":false,\"min-steps\":1}", "2+2=4, so 3+3=6").ShouldBe(0);
        Score("steps", "{\"thinking\":false,\"min-steps\":1}", "2+2=5</think>2+2=4").ShouldBe(1);
        Score("language", "{\"where\":\"answer\"}", "all of it thought").ShouldBe(0);
        Score("language", "{\"language\":[\"han\"],\"where\":\"thinking\"}", "数字</think>It is four").ShouldBe(1);
    }

    [Fact, Trait("Speed", "slow")]
    public void A_reward_command_reads_it_in_its_request()
    {
        var script =
            "import sys,json\nfor l in sys.stdin:\n r=json.loads(l)\n "
            + "print(json.dumps({'seq':r['seq'],'score':float(r['thinking'])}),flush=True)";
        using var reward = (CommandReward)Rows.Reward("command", JsonSerializer.Serialize(new { command = $"python3 -c \"{script}\"" }));
        var completion = Rows.Completion("7");
        reward.JudgeAll([(Rows.Problem("7"), completion), (Rows.Problem("7"), completion with { OpenedBlock = "<think>" })])
            .Select(v => v.Score).ShouldBe([0, 1]);
    }

    [Theory]
    [InlineData("tenon", "The answer is 7. In", false)]
    [InlineData("lenient", "so 7", false)]
    [InlineData("boxed", "\\boxed{7}", false)]
    [InlineData("math-verify", "The answer is $7$. In", false)]
    [InlineData("math-verify", "\\boxed{7}", false)]
    [InlineData("math-verify", "no, 8</reasoning>\\boxed{7}", false)]
    [InlineData("math-verify", "\\boxed{8}</think>So \\boxed{7}", true)]
    [InlineData("math-verify", "\\boxed{7}</think>So $8$", false)]
    public void Every_profile_knows_the_open_block(string profile, string answer, bool right)
    {
        var options = new VerifyOptions { OpenedBlock = "<think>", Profile = RuleProfile.Find(profile) };
        var verdict = new MathVerifier().Verify("7", answer, options);
        verdict.Correct.ShouldBe(right);
        if (!answer.Contains("</think>", StringComparison.Ordinal)) verdict.Reason.ShouldBe("unclosed-think");
    }

    [Theory]
    [InlineData("{\"answer\":\"1+1=3</think>2+2=4\",\"thinking\":true}", "{\"steps\":1,\"checked\":1,\"right\":1,\"wrong\":0}")]
    [InlineData("{\"answer\":\"1+1=3</think>2+2=4\",\"prompt\":\"x\\n<think>\\n\"}",
        "{\"steps\":1,\"checked\":1,\"right\":1,\"wrong\":0}")]
    [InlineData("{\"answer\":\"1+1=3, 2+2=4\",\"thinking\":true}", "null")]
    [InlineData("{\"answer\":\"<think>1+1=3\"}", "null")]
    [InlineData("{\"answer\":\"1+1=3, 2+2=4\",\"thinking\":false}", null)]
    [InlineData("{\"answer\":\"1+1=3, 2+2=4\"}", null)]
    public void Lines_of_steps_tell_the_answers_steps_from_those_of_the_thought(string line, string? answer)
    {
        var report = JsonDocument.Parse(new StepLines().Answer(line)).RootElement;
        report.GetProperty("wrong").GetInt32().ShouldBe(1);
        report.TryGetProperty("answer", out var part).ShouldBe(answer is not null);
        if (answer is not null) part.GetRawText().ShouldBe(answer);
        JsonDocument.Parse(new StepLines(openedBlock: ThinkBlocks.UnknownTag).Answer("{\"answer\":\"1+1=3\"}")).RootElement
            .GetProperty("answer").ValueKind.ShouldBe(JsonValueKind.Null);
        new StepLines().Answer("{\"answer\":\"1+1=3\",\"thinking\":1}").ShouldContain("\"kind\":\"thinking\"");
    }

    [Fact]
    public void The_page_names_every_tag()
    {
        var page = File.ReadAllText(Repository.Path("docs/rewards.md"));
        foreach (var (open, _) in ThinkTags.All) page.ShouldContain($"`{open}`");
    }

    [Theory]
    [InlineData("""{"gold":"7","answer":"The answer is 7. In","thinking":true}""", "unclosed-think")]
    [InlineData("""{"gold":"7","answer":"The answer is 7. In","prompt":"3+4<|assistant|>\n<think>\n"}""", "unclosed-think")]
    [InlineData("""{"gold":"7","answer":"so</thinking>The answer is 7.","thinking":true}""", "same-text")]
    [InlineData("""{"gold":"7","answer":"The answer is 7.","thinking":false}""", "same-text")]
    [InlineData("""{"gold":"7","answer":"The answer is 7.","prompt":"3+4=?"}""", "same-text")]
    [InlineData("""{"gold":"7","answer":"The answer is 7.","prompt":[{"role":"user"}]}""", "same-text")]
    public void Lines_of_verify_say_it_by_a_flag_or_by_the_prompt(string line, string reason) =>
        JsonDocument.Parse(new VerifyLines().Answer(line)).RootElement.GetProperty("reason").GetString().ShouldBe(reason);
}
