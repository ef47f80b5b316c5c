using System.Text;
using Tenon.Rewards;
using Tenon.Rewards.Tasks;

namespace Tenon.Tests.Rewards.Tasks;

public class ArithmeticTests
{
    private static readonly Arithmetic Task = new();

    [Fact]
    public void Sum_is_worked_column_by_column_from_the_right()
    {
        var problem = Draws(2, 500).First(p => p.Text is ['8' or '3' or '4' or '5', ..] && p.Text.Contains('+'));
        var parts = problem.Text.TrimEnd('?', '=').Split('+').Select(int.Parse).ToArray();
        var first = problem.Solution!.Split(';')[0];
        first.ShouldBe($"{parts[0] % 10}+{parts[1] % 10}+0={parts[0] % 10 + parts[1] % 10}");
        problem.Solution.ShouldEndWith($"\\boxed{{{parts.Sum()}}}");
    }

    [Fact]
    public void Worked_sums_of_level_2_stay_within_39_ascii_bytes()
    {
        foreach (var problem in Draws(2, 3000))
        {
            problem.Solution!.ShouldAllBe(c => c < 128);
            Encoding.UTF8.GetByteCount(problem.Solution!).ShouldBeLessThanOrEqualTo(39);
            problem.Text.Length.ShouldBeLessThanOrEqualTo(9);
        }
    }

    [Fact]
    public void Every_step_of_every_worked_solution_is_true()
    {
        for (var level = 1; level <= Task.Levels; level++)
            foreach (var problem in Draws(level, 400))
                foreach (var step in problem.Solution!.Split(';')[..^1])
                {
                    var sides = step.Split('=');
                    Evaluate(sides[0]).ShouldBe(long.Parse(sides[1]), problem.Solution);
                }
    }

    [Fact]
    public void Answers_of_expressions_follow_precedence()
    {
        for (var level = 1; level <= Task.Levels; level++)
            foreach (var problem in Draws(level, 400))
                Evaluate(problem.Text.TrimEnd('?', '=')).ShouldBe(long.Parse(problem.Answer), problem.Text);
    }

    [Fact]
    public void Level_6_uses_brackets_and_division()
    {
        var texts = Draws(6, 400).Select(p => p.Text).ToList();
        texts.Count(t => t.Contains('(')).ShouldBeGreaterThan(100);
        texts.Count(t => t.Contains('/')).ShouldBeGreaterThan(20);
        Draws(5, 200).ShouldAllBe(p => !p.Text.Contains('('));
    }

    private static IEnumerable<Problem> Draws(int level, int count) =>
        Enumerable.Range(0, count).Select(i => Task.Draw(level, 42, i, i % 4 == 3 ? Split.Eval : Split.Train));

    // An independent reading of the text, by recursive descent.
    private static long Evaluate(string text)
    {
        var at = 0;
        var value = Sum();
        at.ShouldBe(text.Length);
        return value;

        long Sum()
        {
            var left = Product();
            while (at < text.Length && text[at] is '+' or '-')
                left = text[at++] == '+' ? left + Product() : left - Product();
            return left;
        }

        long Product()
        {
            var left = Atom();
            while (at < text.Length && text[at] is '*' or '/')
            {
                if (text[at++] == '*') left *= Atom();
                else left = Math.DivRem(left, Atom(), out var rest) + rest * 1_000_000;
            }

            return left;
        }

        long Atom()
        {
            if (text[at] == '(')
            {
                at++;
                var inner = Sum();
                at++;
                return inner;
            }

            var start = at;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
            return long.Parse(text[start..at]);
        }
    }
}
