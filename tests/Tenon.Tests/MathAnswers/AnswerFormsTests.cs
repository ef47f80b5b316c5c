using Tenon.MathAnswers;

namespace Tenon.Tests.MathAnswers;

public sealed class AnswerFormsTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_way_to_state_an_answer_is_judged_as_a_person_would()
    {
        var verifier = new MathVerifier();
        var (count, wrong) = (0, new List<string>());
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "verifier", "answers.txt")))
        {
            var parts = line.Split('|', 3);
            count++;
            var verdict = verifier.Verify(parts[1], parts[2].Replace(@"\n\n", "\n\n", StringComparison.Ordinal));
            if (verdict.Correct != (parts[0] == "T")) wrong.Add($"{line}: {verdict.Reason}, {verdict.Extracted}");
        }
        output.WriteLine($"{count} cases");
        count.ShouldBeGreaterThan(100);
        wrong.ShouldBeEmpty();
    }

    [Fact]
    public void Rewrites_of_one_answer_are_right_and_near_misses_are_wrong()
    {
        var verifier = new MathVerifier();
        var (count, wrong) = (0, new List<string>());
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "verifier", "pairs.txt")))
        {
            var parts = line.Split(" || ", 3);
            count++;
            var verdict = verifier.Verify(parts[1], parts[2]);
            if ((verdict.Correct == true) != (parts[0] == "T"))
                wrong.Add($"{line}: {verdict.Reason}, {verdict.GoldParsed}, {verdict.AnswerParsed}");
        }
        output.WriteLine($"{count} cases");
        count.ShouldBeGreaterThan(800);
        wrong.ShouldBeEmpty();
    }
}
