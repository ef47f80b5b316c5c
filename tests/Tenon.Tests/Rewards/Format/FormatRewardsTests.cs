using Tenon.Rewards.External;
using Tenon.Rewards.Format;

namespace Tenon.Tests.Rewards.Format;

public class FormatRewardsTests
{
    [Theory]
    [InlineData("<think>a</think>b", null)]
    [InlineData("<think>\na\n</think>\n\nb\n", null)]
    [InlineData(" <think>a</think>b", "no-opening-tag")]
    [InlineData("<THINK>a</THINK>b", "no-opening-tag")]
    [InlineData("<think >a</think>b", "no-opening-tag")]
    [InlineData("a</think>b", "no-opening-tag")]
    [InlineData("<think>a", "no-closing-tag")]
    [InlineData("<think>a< /think>b", "no-closing-tag")]
    [InlineData("<think>a<think>b</think></think>c", "tag-again")]
    [InlineData("<think>a</think>b<think>c</think>d", "tag-again")]
    [InlineData("<think>a</think></think>b", "tag-again")]
    [InlineData("<think><think>a</think>b", "tag-again")]
    [InlineData("<think> </think>b", "empty-block")]
    [InlineData("<think>a</think> ", "empty-answer")]
    public void The_think_format_is_one_block_and_an_answer(string text, string? fault) => Check("""{}""", text, fault);

    [Theory]
    [InlineData("<think>a</think><answer>b</answer>", null)]
    [InlineData("<think>a</think>\n<answer>b</answer>\n", null)]
    [InlineData("<think>a</think>b", "no-answer-tag")]
    [InlineData("<think>a</think><answer>b</answer>c", "no-answer-tag")]
    [InlineData("<think>a</think><answer>b</answer><answer>c</answer>", "tag-again")]
    [InlineData("<think><answer>a</answer></think><answer>c</answer>", "tag-again")]
    [InlineData("<think>a</think><answer></answer>", "empty-answer")]
    [InlineData("<think>a</think><answer>", "no-answer-tag")]
    public void An_answer_tag_can_be_asked_for(string text, string? fault) => Check("""{"answer-tag":"answer"}""", text, fault);

    [Fact]
    public void A_block_that_the_prompt_opened_goes_on()
    {
        Check("""{"opened":true}""", "a</think>b", null);
        Check("""{"opened":true}""", "<think>a</think>b", "tag-again");
        Check("""{"tag":"reasoning"}""", "<reasoning>a</reasoning>b", null);
    }

    [Theory]
    [InlineData("en", "The answer is four.", 1)]
    [InlineData("en", "The answer \u043e\u0442\u0432\u0435\u0442 is", 0.75)]
    [InlineData("zh", "\u7b54\u6848\u662f\u56db", 1)]
    [InlineData("zh", "\u7b54\u6848 answer", 2.0 / 3)]
    [InlineData("zh", "\u7b54\u6848\u662f $x + y = 5$ \\boxed{abc} `code` \\frac", 1)]
    [InlineData("zh", "\u7b54\u6848\n```python\nprint(1)\n```\n", 1)]
    [InlineData("ja", "\u3053\u305f\u3048\u306f\u56db", 1)]
    [InlineData("zh", "\u3053\u305f\u3048\u306f\u56db", 0.2)]
    [InlineData("ko", "\ub2f5\uc740 four", 0.5)]
    [InlineData("hi", "\u0909\u0924\u094d\u0924\u0930 \u091a\u093e\u0930 \u0939\u0948", 1)]
    [InlineData("ru", "\u041e\u0442\u0432\u0435\u0442: 4", 1)]
    // A Cyrillic letter inside a Latin word is another script.
    [InlineData("en", "\u0430nswer", 0.5)]
    [InlineData("en", "12 + 3 = 15", 0)]
    [InlineData("en", "", 0)]
    public void The_share_of_words_in_the_script(string language, string text, double share) =>
        Rows.Reward("language", $$"""{"language":"{{language}}"}""").Judge("", text)
        .ShouldSatisfyAllConditions(v => v.Score.ShouldBe(share, 1e-12), v => v.Correct.ShouldBeNull());

    [Fact]
    public void The_language_of_a_part_with_a_threshold()
    {
        const string text = "<think>\u7b54\u6848\u662f</think>The answer";
        Rows.Reward("language", """{"language":"en","where":"answer"}""").Judge("", text).Score.ShouldBe(1);
        Rows.Reward("language", """{"language":["han"],"where":"thinking"}""").Judge("", text).Score.ShouldBe(1);
        Rows.Reward("language", """{"language":"en"}""").Judge("", text).Score.ShouldBe(0.4, 1e-12);
        Rows.Reward("language", """{"language":["en","zh"]}""").Judge("", text).Score.ShouldBe(1);
        Rows.Reward("language", """{"language":"en","threshold":0.5}""").Judge("", text).Score.ShouldBe(0);
        Rows.Reward("language", """{"language":"en","where":"answer","min-words":3}""").Judge("", text).Reason.ShouldBe("few-words");
        Rows.Reward("language", """{"where":"answer"}""").Judge("", "<think>x").Score.ShouldBe(0);
    }

    [Fact]
    public void Cosine_length_scales_the_outcome_and_keeps_its_verdict()
    {
        using var reward = (CosineLengthReward)Rows.Reward("cosine-length", """{"of":"number"}""");
        double Score(string text, int tokens) => reward.Judge(Rows.Problem("9"), Rows.Completion(text, tokens)).Score;
        Score("\\boxed{9}", 0).ShouldBe(1);
        Score("\\boxed{9}", 50).ShouldBe(0.75, 1e-12);
        Score("\\boxed{9}", 100).ShouldBe(0.5, 1e-12);
        Score("\\boxed{8}", 0).ShouldBe(-1, 1e-12);
        Score("\\boxed{8}", 100).ShouldBe(-0.5, 1e-12);
        reward.IsOutcome.ShouldBeTrue();
        reward.Judge("9", "\\boxed{9}")
            .ShouldSatisfyAllConditions(v => v.Correct.ShouldBe(true), v => v.Extracted.ShouldBe("9"),
            v => v.Reason.ShouldBe("numeric-equal"));
        reward.Judge("x", "\\boxed{9}").Skipped.ShouldBe("gold-no-number");
        ((IBatchReward)reward).JudgeAll(
            [(Rows.Problem("9"), Rows.Completion("\\boxed{9}", 0)), (Rows.Problem("9"), Rows.Completion("", 0))])
            .Select(v => v.Score).ShouldBe([1, -1], 1e-12);
        Rows.Reward("cosine-length", """{"of":"math","options":{"require":"value"}}""").Judge("9", "\\boxed{8+1}").Correct.ShouldBe(false);
        Rows.Reward("cosine-length", """{"of":"countdown"}""").Judge("9", "x").Skipped.ShouldBe("no-task-data");
    }

    [Fact]
    public void Repetition_is_counted_in_tokens()
    {
        var reward = Rows.Reward("repetition-penalty", """{"ngram":2,"max-penalty":-0.5}""");
        reward.Judge(Rows.Problem(""), Rows.Completion("", ids: [1, 1, 1, 1, 1])).Score.ShouldBe(-0.375);
        reward.Judge(Rows.Problem(""), Rows.Completion("", ids: [1, 2, 3]))
            .ShouldSatisfyAllConditions(v => v.Score.ShouldBe(0), v => v.Correct.ShouldBeNull());
    }

    [Theory]
    [InlineData("soft-overlong", """{"buffer":0}""", "buffer: 0 is out of range; expected 1")]
    [InlineData("soft-overlong", """{"buffer":-5}""", "buffer: -5 is out of range; expected 1")]
    [InlineData("repetition-penalty", """{"ngram":0}""", "ngram: 0 is out of range; expected 1 to 1000")]
    [InlineData("repetition-penalty", """{"max-penalty":1}""", "max-penalty: 1 is out of range; expected below 0")]
    [InlineData("think-format", """{"tag":"<think>"}""", "tag: '<think>' is no tag; expected a name")]
    [InlineData("think-format", """{"answer-tag":"think"}""", "answer-tag: 'think' is the tag itself; expected another name")]
    [InlineData("language", """{"language":"klingon"}""", "language: 'klingon' is no choice")]
    [InlineData("language", """{"threshold":2}""", "threshold: 2 is out of range; expected above 0, at most 1")]
    [InlineData("language", """{"min-words":0}""", "min-words: 0 is out of range; expected 1")]
    [InlineData("cosine-length", """{"of":"nothing"}""", "of: 'nothing' is no choice")]
    [InlineData("cosine-length", """{"of":"language"}""", "of: 'language' judges no outcome; expected an outcome reward")]
    [InlineData("cosine-length", """{"of":"cosine-length"}""", "of: 'cosine-length' judges no outcome")]
    [InlineData("cosine-length", """{"max-correct":-2}""", "every right answer to earn more")]
    [InlineData("cosine-length", """{"limit":0}""", "limit: 0 is out of range; expected 1")]
    [InlineData("cosine-length", """{"options":{"profil":"boxed"}}""", "options.profil: unknown key; nearest: profile")]
    public void Bad_settings_are_named(string name, string settings, string message) => Rows.Faults(name, settings).ShouldContain(message);

    private static void Check(string settings, string text, string? fault) =>
        Rows.Reward("think-format", settings).Judge("", text).ShouldSatisfyAllConditions(
            v => v.Reason.ShouldBe(fault ?? "format-kept"), v => v.Score.ShouldBe(fault is null ? 1 : 0), v => v.Correct.ShouldBeNull());
}
