using Tenon.Rewards;

namespace Tenon.Tests.Rewards.Outcome;

public class MultipleChoiceRewardTests
{
    private const string Cities = """{"choices":["London","Paris","Rome","Paris, Texas"]}""";

    [Theory]
    [InlineData("\\boxed{B}")]
    [InlineData("It is $\\boxed{\\text{(B)}}$.")]
    [InlineData("\\boxed{b}")]
    [InlineData("\\boxed{B. Paris}")]
    [InlineData("\\boxed{Paris}")]
    [InlineData("First \\boxed{A}, no: it is \\boxed{B}")]
    [InlineData("<think>(A) or (C)?</think>\\boxed{B}")]
    [InlineData("Answer: B")]
    [InlineData("**Answer:** B")]
    [InlineData("**Final answer**: **(B)**")]
    [InlineData("The correct answer is B.")]
    [InlineData("The correct answer is B, because A is in England.")]
    [InlineData("So the answer is (B) Paris.")]
    [InlineData("The best option is: B")]
    [InlineData("Answer:\nB")]
    [InlineData("answer is B\nYes, the answer is B.")]
    [InlineData("The answer is Paris.")]
    [InlineData("B")]
    [InlineData("(B)")]
    [InlineData("B) Paris")]
    [InlineData("It lies on the Seine.\n\nB")]
    [InlineData("It can only be (B), on the Seine.")]
    [InlineData("It lies on the Seine.\nParis")]
    [InlineData("Option B")]
    public void The_choice_is_found(string text) =>
    Judge(text)
    .ShouldSatisfyAllConditions(v => v.Correct.ShouldBe(true, v.Reason), v => v.Score.ShouldBe(1), v => v.Extracted.ShouldBe("B"));

    [Theory]
    [InlineData("")]
    [InlineData("\\boxed{A}")]
    [InlineData("\\boxed{}")]
    [InlineData("\\boxed{A, B}")]
    [InlineData("\\boxed{A or B}")]
    [InlineData("\\boxed{A}\\boxed{B}")]
    [InlineData("\\boxed{A} or \\boxed{B}")]
    [InlineData("\\boxed{B")]
    [InlineData("\\boxed{B. London}")]
    [InlineData("\\boxed{AB}")]
    [InlineData("\\boxed{not B}")]
    [InlineData("\\boxed{A, B, C, D}")]
    [InlineData("Answer: A or B")]
    [InlineData("Answer: B or C")]
    [InlineData("Answer: B, C")]
    [InlineData("Answer: B and maybe D")]
    [InlineData("Answer: both B and C")]
    [InlineData("Answer: A\nAnswer: B")]
    [InlineData("The answer is A. The answer is B.")]
    [InlineData("Answer: B. London")]
    [InlineData("Answer: B) London")]
    [InlineData("The answer is not (B).")]
    [InlineData("The answer is A good question, (B) perhaps, or (C).")]
    [InlineData("(A) London (B) Paris (C) Rome (D) Paris, Texas")]
    [InlineData("A. London\nB. Paris\nC. Rome\nD. Paris, Texas")]
    [InlineData("(A), (B)")]
    [InlineData("A B C D")]
    [InlineData("Big cities are Berlin and Boston")]
    [InlineData("<think>\\boxed{B}")]
    [InlineData("<think>\\boxed{B}</think>")]
    [InlineData("Option B is wrong, Option C is right")]
    [InlineData("\\boxed{E}")]
    [InlineData("Answer: BCD")]
    [InlineData("\\boxed{\uFF22}")]
    public void Anything_else_is_wrong(string text) =>
    Judge(text).ShouldSatisfyAllConditions(v => v.Correct.ShouldBe(false, text), v => v.Score.ShouldBe(0));

    [Theory]
    [InlineData("1", "zero-based", true)]
    [InlineData("2", "one-based", true)]
    [InlineData("0", "zero-based", false)]
    [InlineData("(b)", "letter", true)]
    [InlineData("Paris", "letter", true)]
    public void Golds_are_letters_texts_or_numbers(string gold, string form, bool right) =>
        Rows.Reward("multiple-choice", $$"""{"gold":"{{form}}"}""").Judge(gold, "\\boxed{B}", Cities).Correct.ShouldBe(right);

    [Fact]
    public void Choices_may_be_a_map_or_have_labels_or_be_missing()
    {
        var reward = Rows.Reward("multiple-choice", """{"column":"options"}""");
        reward.Judge("B", "\\boxed{y}", """{"options":{"A":"x","B":"y"}}""").Correct.ShouldBe(true);
        reward.Judge("2", "Answer: 2", """{"options":{"label":["1","2"],"text":["x","y"]}}""").Correct.ShouldBe(true);
        reward.Judge("B", "Answer: B) whatever it says").Correct.ShouldBe(true);
        reward.Judge("E", "\\boxed{E}").Skipped.ShouldBe("gold-no-choice");
        reward.Judge("B", "\\boxed{B}", """{"options":7}""").Skipped.ShouldBe("choices-unreadable");
        Rows.Reward("multiple-choice", """{"choices":5}""").Judge("E", "\\boxed{E}").Correct.ShouldBe(true);
    }

    [Fact]
    public void A_long_text_costs_linear_time()
    {
        foreach (var text in
            (string[])[string.Concat(Enumerable.Repeat("answer is A good ", 2_000)), new string('(', 50_000),
            string.Concat(Enumerable.Repeat("(A) not ", 10_000))])
            Judge(text).Correct.ShouldBe(false);
    }

    [Fact]
    public void Bad_settings_are_named()
    {
        Rows.Faults("multiple-choice", """{"choices":1}""").ShouldContain("choices: 1 is out of range; expected 2 to 26");
        Rows.Faults("multiple-choice", """{"gold":"number"}""").ShouldContain("expected letter, zero-based, one-based");
    }

    private static Verdict Judge(string text) => Rows.Reward("multiple-choice").Judge("B", text, Cities);
}
