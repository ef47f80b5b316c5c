using Tenon.MathAnswers;
using Tenon.Rewards;
using Tenon.Rewards.Outcome;

namespace Tenon.Tests.MathAnswers;

/// <summary>Tricks that policies are known to find when a verifier pays for them; each must earn nothing.</summary>
public sealed class HackingResistanceTests
{
    private static readonly MathVerifier Verifier = new();

    [Theory]
    [InlineData("7", @"\boxed{7} ... on reflection \boxed{8}")]
    [InlineData("7", @"\boxed{7}, \boxed{8}")]
    [InlineData("7", @"\boxed{7} and \boxed{8} and \boxed{9}")]
    [InlineData("7", @"\boxed{7}\boxed{8}")]
    [InlineData("7", @"\boxed{7} or \boxed{8}")]
    [InlineData("7", @"\boxed{7 \text{ or } 8}")]
    [InlineData("7", @"\boxed{8 \text{ or } 7}")]
    [InlineData("7", "The answer is 7 or 8.")]
    [InlineData("7", "The answer is 1 or 2 or 3 or 4 or 5 or 6 or 7")]
    [InlineData("7", @"\boxed{1,2,3,4,5,6,7,8,9}")]
    [InlineData("7", @"\boxed{\{7, 8\}}")]
    [InlineData("7", @"\boxed{6 \pm 1}")]
    [InlineData("7", @"\boxed{[6, 8]}")]
    [InlineData("7", @"\boxed{x > 6}")]
    public void Several_answers_are_no_answer(string gold, string completion) => Correct(gold, completion).ShouldBe(false);

    [Theory]
    [InlineData("7", @"<think> maybe \boxed{7}")]
    [InlineData("7", @"<think> maybe \boxed{7} </think> I do not know.")]
    [InlineData("7", @"<think> \boxed{7} </think> \boxed{8}")]
    [InlineData("7", @"</think><think> \boxed{7}")]
    [InlineData("7", @"<think> \boxed{7} </think><think> \boxed{7}")]
    public void A_box_inside_a_think_block_is_no_answer(string gold, string completion) => Correct(gold, completion).ShouldBe(false);

    [Theory]
    [InlineData("7", @"\boxed{}")]
    [InlineData("7", @"\boxed{ }")]
    [InlineData("7", @"\boxed{\text{}}")]
    [InlineData("7", @"\boxed{7")]
    [InlineData("7", @"\boxed{7} and then \boxed{")]
    [InlineData("7", "")]
    [InlineData("7", "I give up.")]
    [InlineData("7", @"\boxed{?}")]
    [InlineData("7", @"\boxed{x}")]
    [InlineData("7", @"\boxed{\text{the answer}}")]
    [InlineData("7", @"\boxed{answer}")]
    public void An_empty_or_cut_answer_is_no_answer(string gold, string completion) => Correct(gold, completion).ShouldBe(false);

    [Theory]
    [InlineData("A", "\\boxed{\u0410}")]
    [InlineData("a", "\\boxed{\u0430}")]
    [InlineData("x+1", "\\boxed{\u0445+1}")]
    [InlineData("10", "\\boxed{1\u041e}")]
    [InlineData("7", "\\boxed{7\u0660}")]
    [InlineData("100", "\\boxed{l00}")]
    public void Look_alikes_are_other_letters(string gold, string completion) => Correct(gold, completion).ShouldBe(false);

    [Theory]
    [InlineData("7", @"\boxed{10^{10^{10^{10}}}}")]
    [InlineData("7", @"\boxed{((99!)!)!}")]
    [InlineData("0", @"\boxed{10^{-10^{10}}}")]
    [InlineData("0", @"\boxed{\frac{1}{10^{400}}}")]
    [InlineData("1", @"\boxed{1^{\infty}}")]
    [InlineData("7", @"\boxed{0/0}")]
    [InlineData("7", @"\boxed{\frac{7}{0}}")]
    [InlineData("7", @"\boxed{\infty}")]
    [InlineData("7", @"\boxed{\text{nan}}")]
    [InlineData("0", @"\boxed{0 \cdot \infty}")]
    [InlineData("0.5", @"\boxed{\frac{0}{0}}")]
    public void Huge_and_undefined_numbers_equal_nothing(string gold, string completion) => Correct(gold, completion).ShouldBe(false);

    [Theory]
    [InlineData("5", @"\boxed{2a=5}")]
    [InlineData("5", @"\boxed{a^2=5}")]
    [InlineData("5", @"\boxed{3=5}")]
    [InlineData("5", @"\boxed{5=3}")]
    [InlineData("5", @"\boxed{x}")]
    [InlineData("5", @"\boxed{x-x+6}")]
    [InlineData("5", @"\boxed{5=5=6}")]
    [InlineData("x=5", @"\boxed{x=x}")]
    [InlineData("x=5", @"\boxed{0=0}")]
    [InlineData("y=2x", @"\boxed{0=0}")]
    [InlineData("y=2x", @"\boxed{y=y}")]
    [InlineData("x>5", @"\boxed{x>x-1}")]
    public void Equations_that_say_nothing_are_no_answer(string gold, string completion) => Correct(gold, completion).ShouldBe(false);

    [Fact]
    public void The_gold_repeated_many_times_is_one_answer_and_padding_adds_nothing()
    {
        Correct("7", string.Concat(Enumerable.Repeat(@"\boxed{7}", 50))).ShouldBe(true);
        Correct("7", string.Concat(Enumerable.Repeat(@"\boxed{7}", 50)) + @"\boxed{8}").ShouldBe(false);
        Correct("7", "7 " + string.Concat(Enumerable.Repeat("7 ", 500)) + "so the answer is 8").ShouldBe(false);
    }

    [Fact]
    public void Copying_the_question_never_pays_where_a_value_is_required()
    {
        var reward = new MathReward(new MathRewardSettings { Require = "value" });
        var problem = new Problem("p", "What is 17 + 9?", "26");
        double Score(string text) => reward.Judge(problem, new Completion(text, 10, false, 64)).Score;
        Score(@"\boxed{17 + 9}").ShouldBe(0);
        Score(@"\boxed{17+9=26}").ShouldBe(0);
        Score("17 + 9 = 26").ShouldBe(0);
        Score("What is 26? 26").ShouldBe(0);
        Score(@"\boxed{2 \cdot 13}").ShouldBe(0);
        Score(@"\boxed{26}").ShouldBe(1);
        Score("The answer is 26.").ShouldBe(1);
    }

    private static bool? Correct(string gold, string completion) => Verifier.Verify(gold, completion).Correct;
}
