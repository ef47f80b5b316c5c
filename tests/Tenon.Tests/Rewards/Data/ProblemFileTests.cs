using Tenon.Rewards.Data;

namespace Tenon.Tests.Rewards.Data;

public class ProblemFileTests
{
    [Fact]
    public void Reads_problems_ids_answers_solutions_and_every_other_column()
    {
        var file = Parse("""
            {"id": "a", "problem": "1+1?", "answer": 2, "solution": "two", "level": 3}

            {"problem": "x?", "answer": "\\frac{1}{2}", "tolerance": 0.5}
            """);
        file.Problems.Count.ShouldBe(2);
        file.Problems[0].ShouldSatisfyAllConditions(p => p.Id.ShouldBe("a"), p => p.Answer.ShouldBe("2"), p => p.Solution.ShouldBe("two"),
            p => p.Fields!["level"].GetInt32().ShouldBe(3));
        file.Problems[1]
            .ShouldSatisfyAllConditions(p => p.Id.ShouldBe("line-3"), p => p.Answer.ShouldBe("\\frac{1}{2}"),
            p => p.Solution.ShouldBeNull());
        file.DuplicateIds.ShouldBeEmpty();
    }

    [Fact]
    public void Other_column_names_are_settings() =>
        Parse("""{"question":"q","gold":[1,2]}""",
        new() { Problem = "question", Answer = "gold" }).Problems[0].Answer.ShouldBe("[\"1\",\"2\"]");

    [Fact]
    public void A_file_without_answers_is_read_where_none_is_wanted() =>
        Parse("""{"problem":"q"}""", new() { HasAnswer = false }).Problems[0].Answer.ShouldBe("");

    [Fact]
    public void Duplicate_ids_are_reported_and_made_unique()
    {
        var file = Parse("""
            {"id":"a","problem":"1","answer":"1"}
            {"id":"a#2","problem":"2","answer":"1"}
            {"id":"a","problem":"3","answer":"1"}
            """);
        file.DuplicateIds.ShouldBe(["a"]);
        file.Problems.Select(p => p.Id).ShouldBe(["a", "a#2", "a#3"]);
    }

    [Theory]
    [InlineData("", "no line at all")]
    [InlineData("\n\n", "no line at all")]
    [InlineData("{\"problem\":\"q\",\"answer\":\"1\"}\n{broken", "line 2 is no JSON")]
    [InlineData("[1]", "a JSON object")]
    [InlineData("{\"text\":\"q\",\"answer\":\"1\"}", "has no column 'problem'")]
    [InlineData("{\"problem\":\"q\",\"answers\":\"1\"}", "answer-column: answers")]
    [InlineData("{\"problem\":\"\",\"answer\":\"1\"}", "an empty text")]
    [InlineData("{\"problem\":null,\"answer\":\"1\"}", "null")]
    [InlineData("{\"problem\":\"\\ud800\",\"answer\":\"1\"}", "half of a surrogate pair")]
    public void Faults_name_file_line_and_what_to_do(string text, string message)
    {
        var error = Should.Throw<TenonException>(() => Parse(text));
        error.Message.ShouldContain("data.jsonl");
        error.Message.ShouldContain(message);
        error.IsUsage.ShouldBeTrue();
    }

    [Fact]
    public void A_missing_file_and_bytes_that_are_no_text_are_usage_errors()
    {
        Should.Throw<TenonException>(() => ProblemFile.Read("no/such.jsonl")).Message.ShouldContain("no/such.jsonl");
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, [0x7B, 0xFF, 0x7D]);
        Should.Throw<TenonException>(() => ProblemFile.Read(path)).Message.ShouldContain("byte 1");
        File.WriteAllBytes(path, [0xEF, 0xBB, 0xBF, .. "{\"problem\":\"q\",\"answer\":\"1\"}\r\n"u8]);
        ProblemFile.Read(path).Problems.Single().Text.ShouldBe("q");
        File.Delete(path);
    }

    private static ProblemFile Parse(string text, ProblemColumns? columns = null) =>
        ProblemFile.Parse(text, "data.jsonl", columns ?? new());
}
