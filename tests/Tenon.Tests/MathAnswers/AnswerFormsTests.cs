using Tenon.MathAnswers;

namespace Tenon.Tests.MathAnswers;

public sealed class AnswerFormsTests(ITestOutputHelper output)
{
    [Fact]
    public void EveryWayToStateAnAnswerIsJudgedAsAPersonWould()
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
    public void RewritesOfOneAnswerAreRightAndNearMissesAreWrong()
    {
        var verifier = new MathVerifier();
        var (count, wrong) = (0, new List<string>());
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "verifier", "pairs.txt")))
        {
            var parts = line.Split(" || ", 3);
            count++;
            var verdict = verifier.Verify(parts[1], parts[2]);
            if ((verdict.Correct == true) != (parts[0] == "T")) wrong.Add($"{line}: {verdict.Reason}, {verdict.GoldParsed}, {verdict.AnswerParsed}");
        }
        output.WriteLine($"{count} cases");
        count.ShouldBeGreaterThan(800);
        wrong.ShouldBeEmpty();
    }
}
