using Tenon.Rewards;
using Tenon.Rewards.Tasks;

namespace Tenon.Tests.Rewards.Tasks;

/// <summary>One table of promises that every generated family keeps at every level.</summary>
[Trait("Speed", "slow")]
public class EveryTaskTests
{
    public static TheoryData<string, int> Levels()
    {
        var rows = new TheoryData<string, int>();
        foreach (var task in All)
            for (var level = 1; level <= task.Levels; level++)
                rows.Add(task.Name, level);
        return rows;
    }

    private static IEnumerable<ITask> All =>
        typeof(ITask).Assembly.GetTypes().Where(t => t.IsAssignableTo(typeof(ITask)) && !t.IsAbstract)
        .Select(t => (ITask)Activator.CreateInstance(t)!);

    [Theory, MemberData(nameof(Levels))]
    public void Its_own_answer_and_worked_solution_earn_the_full_reward(string name, int level)
    {
        var task = Named(name);
        foreach (var problem in Draws(task, level, 60))
        {
            Judge(task, problem, $"so \\boxed{{{problem.Answer}}}").Correct.ShouldBe(true, problem.Text);
            if (problem.Solution is not null) Judge(task, problem, problem.Solution).Score.ShouldBe(1, problem.Solution);
        }
    }

    [Theory, MemberData(nameof(Levels))]
    public void The_question_itself_another_answer_and_no_answer_earn_nothing(string name, int level)
    {
        var task = Named(name);
        foreach (var problem in Draws(task, level, 60))
            foreach (var text in
                (string[])["", "\\boxed{}", problem.Text, $"\\boxed{{{problem.Text}}}", $"\\boxed{{{problem.Text.TrimEnd('?', '=')}}}",
                problem.Answer, $"\\boxed{{{problem.Answer}", $"<think>\\boxed{{{problem.Answer}}}",
                    $"<think>\\boxed{{{problem.Answer}}}</think>",
                $"\\boxed{{{problem.Answer}}} or \\boxed{{123456789}}", $"\\boxed{{123456789}}, \\boxed{{{problem.Answer}}}",
                $"\\boxed{{{problem.Answer} or 123456789}}", $"\\boxed{{{problem.Answer}, {problem.Answer}}}", "\\boxed{?}",
                $"\\boxed{{{Wide(problem.Answer)}}}", $"\\boxed{{{new string('9', 100_000)}}}", "\\boxed{9^{9^{9^{9}}}}",
                    new string('{', 50_000) + "\\boxed{"])
                Judge(task, problem, text).ShouldSatisfyAllConditions(v => v.Score.ShouldBe(0, text), v => v.Correct.ShouldBe(false, text));
    }

    [Theory, MemberData(nameof(Levels))]
    public void Near_misses_and_other_problems_answers_earn_nothing(string name, int level)
    {
        var task = Named(name);
        Problem? before = null;
        foreach (var problem in Draws(task, level, 60))
        {
            var items = problem.Answer.Split(", ");
            foreach (var answer in
                (string[])[Changed(problem.Answer, last: true), Changed(problem.Answer, last: false), problem.Answer + "7",
                problem.Answer[..^1], problem.Answer[0] == '0' ? "" : "-" + problem.Answer, problem.Answer + "+0", $"x {problem.Answer}",
                string.Join(", ", items.Reverse()), string.Join(", ", items[..^1]), string.Join(", ", [.. items, items[^1]]), before?.Answer
                    ?? ""])
            {
                if (answer == problem.Answer) continue;
                Judge(task, problem, $"so \\boxed{{{answer}}}")
                    .ShouldSatisfyAllConditions(v => v.Score.ShouldBe(0, $"{problem.Text}: {answer}"), v => v.Correct.ShouldBe(false));
            }
            before = problem;
        }
    }

    public static TheoryData<string> Families() => [.. All.Select(t => t.Name)];

    [Theory, MemberData(nameof(Families))]
    public void Each_level_is_harder_by_what_makes_the_family_hard(string name)
    {
        var task = Named(name);
        var loads = Enumerable.Range(1, task.Levels).Select(level => Draws(task, level, 200).Average(p => TaskLoad.Of(name, p))).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{name}: {string.Join(", ", loads.Select(l => l.ToString("F2", System.Globalization.CultureInfo.InvariantCulture)))}");
        for (var i = 1; i < loads.Count; i++) loads[i].ShouldBeGreaterThan(loads[i - 1] * 1.05, $"{name}, level {i + 1}");
    }

    // The same answer but for one letter or digit.
    private static string Changed(string text, bool last)
    {
        var letters = text.ToCharArray();
        var at = last ? Array.FindLastIndex(letters, char.IsAsciiLetterOrDigit) : Array.FindIndex(letters, char.IsAsciiLetterOrDigit);
        letters[at] =
            letters[at] switch
            {
                '9' => '1',
                >= '0' and < '9' => (char)(letters[at] + 1),
                'z' => 'a',
                'Z' => 'A',
                _ =>
            (char)(letters[at] + 1)
            };
        return new string(letters);
    }

    [Theory, MemberData(nameof(Levels))]
    public void The_same_draw_is_the_same_problem_and_others_differ(string name, int level)
    {
        var task = Named(name);
        var first = Draws(task, level, 40).ToList();
        var again = Draws(Named(name), level, 40).ToList();
        for (var i = 0; i < first.Count; i++)
            (first[i].Id, first[i].Text, first[i].Answer).ShouldBe((again[i].Id, again[i].Text, again[i].Answer));
        first.Select(p => p.Id).Distinct().Count().ShouldBe(40);
        first.Select(p => p.Text).Distinct().Count().ShouldBeGreaterThan(12);
        Enumerable.Range(0, 40).Count(i => task.Draw(level, 43, i, Split.Train).Text == task.Draw(level, 42, i, Split.Train).Text)
            .ShouldBeLessThan(12);
    }

    [Theory, MemberData(nameof(Levels))]
    public void Held_out_problems_are_never_trained_on_whatever_the_seeds(string name, int level)
    {
        var task = Named(name);
        var train = Enumerable.Range(0, 400).Select(i => task.Draw(level, 1, i, Split.Train).Text).ToHashSet();
        Enumerable.Range(0, 100).Select(i => task.Draw(level, 2, i, Split.Eval).Text).ShouldAllBe(t => !train.Contains(t));
    }

    [Fact]
    public void A_level_that_does_not_exist_is_a_usage_error_that_names_the_range()
    {
        foreach (var task in All)
            Should.Throw<TenonException>(() => task.Draw(task.Levels + 1, 1, 0, Split.Train)).Message.ShouldContain($"1 to {task.Levels}");
    }

    [Fact]
    public void Draws_have_fixed_bits()
    {
        // Held as text: a change of the generator changes every recipe's data and must be deliberate.
        var task = new Arithmetic();
        string.Join(' ', Enumerable.Range(0, 6).Select(i => task.Draw(2, 42, i, Split.Train).Text))
            .ShouldBe("635+92=? 79+368=? 796+222=? 21+688=? 265+105=? 325+48=?");
    }

    private static ITask Named(string name) => All.Single(t => t.Name == name);

    private static IEnumerable<Problem> Draws(ITask task, int level, int count) =>
        Enumerable.Range(0, count).Select(i => task.Draw(level, 42, i, i % 4 == 3 ? Split.Eval : Split.Train));

    private static Verdict Judge(ITask task, Problem problem, string text) =>
        task.Checker.Judge(problem, new Completion(text, text.Length, false, 1 << 20));

    // Full-width digits look like the answer and are not it.
    private static string Wide(string text) => string.Concat(text.Select(c => c is > ' ' and <= '~' ? (char)(c + 0xFEE0) : c));
}
