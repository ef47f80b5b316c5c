using Tenon.MathAnswers;
using Tenon.Rewards;
using Tenon.Rewards.Data;
using Tenon.Rewards.Outcome;

namespace Tenon.Tests.Rewards.Data;

public class GoldColumnTests
{
    [Theory]
    [InlineData("\"123+45 = <<123+45=168>>168\\n#### 168\"", "168")]
    [InlineData("\"so\\n#### -1,234.5 \\n\"", "-1,234.5")]
    [InlineData("\"#### 7\"", "7")]
    [InlineData("72", "72")]
    [InlineData("true", "true")]
    [InlineData("[\"72\"]", "72")]
    [InlineData("[2,3]", "[\"2\",\"3\"]")]
    [InlineData("\"[2,3]\"", "[2,3]")]
    [InlineData("[\"\\\\frac{1}{2}\",\"é\"]", "[\"\\\\frac{1}{2}\",\"é\"]")]
    [InlineData("\"{1, 2}\"", "{1, 2}")]
    public void A_gold_is_read_as_data_files_write_it(string json, string gold) => Read(json).Answer.ShouldBe(gold);

    [Fact]
    public void A_solution_that_ends_in_its_answer_is_kept_as_the_worked_solution() =>
        Read("\"1+1 = 2\\n#### 2\"").ShouldSatisfyAllConditions(p => p.Answer.ShouldBe("2"), p => p.Solution.ShouldBe("1+1 = 2\n#### 2"));

    [Theory]
    [InlineData("""{"style":"rule","ground_truth":"168"}""", "answer-column: answer.ground_truth")]
    [InlineData("""{"a":{"value":"7"},"b":1}""", "answer-column: answer.a.value")]
    [InlineData("""{"x":"7","y":"8"}""", "answer.x, answer.y")]
    [InlineData("""{}""", "an empty object")]
    [InlineData("\"{\\\"ground_truth\\\": \\\"72\\\"}\"", "answer-column: answer.ground_truth")]
    [InlineData("\"{'ground_truth': '72'}\"", "Python's notation")]
    [InlineData("""[{"text":"7"}]""", "a list that holds objects")]
    [InlineData("""[["7"]]""", "a list that holds lists")]
    public void An_object_is_no_gold_and_the_hint_names_what_is(string json, string hint)
    {
        var message = Should.Throw<TenonException>(() => Read(json)).Message;
        message.ShouldContain("data.jsonl, line 1: column 'answer'");
        message.ShouldContain(hint);
        message.ShouldNotContain("answer-column: answer\n");
        ProblemFile.Parse($"{{\"problem\":\"q\",\"answer\":{json}}}", "data.jsonl", new() { AnyGold = true }).Problems.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("[\"2\",\"3\"]", "\\boxed{2, 3}", true)]
    [InlineData("[\"2\",\"3\"]", "\\boxed{3, 2}", true)]
    [InlineData("[\"2\",\"3\"]", "\\boxed{2 \\le x \\le 3}", false)]
    [InlineData("[\"2\",\"3\"]", "\\boxed{[2,3]}", false)]
    [InlineData("[\"2\",\"3\"]", "\\boxed{2}", false)]
    [InlineData("[\"\\\\frac{1}{2}\",\"-1\"]", "x = \\boxed{-1} or \\boxed{0.5}", true)]
    [InlineData("[\"(1,2)\",\"(3,4)\"]", "\\boxed{(1,2), (3,4)}", true)]
    [InlineData("[\"5\"]", "\\boxed{5}", true)]
    [InlineData("[2,3]", "\\boxed{2 \\le x \\le 3}", true)]
    public void A_list_of_texts_is_one_answer_of_several_parts(string gold, string answer, bool correct)
    {
        new MathVerifier().Verify(gold, answer).Correct.ShouldBe(correct);
        new MathReward().Judge(new Problem("p", "q", gold), new Completion(answer, 9, false, 99)).Correct.ShouldBe(correct);
    }

    [Fact]
    public void The_usual_names_are_tried_in_order_and_what_was_taken_is_told()
    {
        var file = ProblemFile.Parse("""{"question":"q","reward_model":{"ground_truth":"7"},"unique_id":"u/1"}""", "data.jsonl", new());
        file.Problems.Single()
            .ShouldSatisfyAllConditions(p => p.Text.ShouldBe("q"), p => p.Answer.ShouldBe("7"), p => p.Id.ShouldBe("u/1"));
        file.Notices.ShouldBe(
            ["data.jsonl: the problems are read from column 'question'",
            "data.jsonl: the golds are read from column 'reward_model.ground_truth', a value inside the column 'reward_model'"]);
        ProblemFile.Parse("""{"problem":"q","solution":"So \\boxed{7}."}""", "data.jsonl",
            new()).Problems.Single().Answer.ShouldBe("So \\boxed{7}.");
    }

    [Fact]
    public void A_column_that_is_not_there_is_named_with_the_nearest_path()
    {
        var error =
            Should.Throw<TenonException>(() =>
            ProblemFile.Parse("""{"problem":"q","reward_model":{"ground_truth":"7"}}""", "data.jsonl",
            new() { Answer = "reward_model.ground_trut" }));
        error.Message.ShouldContain("line 1 has no column 'reward_model.ground_trut'");
        error.Message.ShouldContain("answer-column: reward_model.ground_truth");
        Should.Throw<TenonException>(() =>
            ProblemFile.Parse("""{"problem":"q","answer":"1"}""", "data.jsonl", new() { Id = "ids" })).Message.ShouldContain("id-column");
    }

    [Fact]
    public void A_benchmark_takes_the_training_columns_only_where_it_has_them()
    {
        var before = new ProblemColumns { Problem = "question", Answer = "final" };
        ProblemFile.Parse("""{"problem":"p","answer":"1"}""", "b.jsonl", new() { Before = before }).Problems.Single().Text.ShouldBe("p");
        ProblemFile.Parse("""{"problem":"p","question":"q","answer":"1","final":"2"}""", "b.jsonl",
            new() { Before = before }).Problems.Single()
            .ShouldSatisfyAllConditions(p => p.Text.ShouldBe("q"), p => p.Answer.ShouldBe("2"));
    }

    private static Problem Read(string answer) =>
        ProblemFile.Parse($"{{\"problem\":\"q\",\"answer\":{answer}}}", "data.jsonl", new()).Problems.Single();
}
