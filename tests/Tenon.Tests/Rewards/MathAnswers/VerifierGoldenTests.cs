using System.Text.Json;
using Tenon.Rewards.MathAnswers;
using Tenon.Tests.Support;

namespace Tenon.Tests.Rewards.MathAnswers;

public sealed class VerifierGoldenTests(ITestOutputHelper output)
{
    [Fact]
    public void EveryRewriteWithAKnownVerdictIsJudgedRight()
    {
        var verifier = new MathVerifier();
        var (count, wrong) = (0, new List<string>());
        foreach (var line in Lines("rewrites.jsonl"))
        {
            var verdict = verifier.Verify(line.GetProperty("gold").GetString()!, line.GetProperty("answer").GetString()!);
            count++;
            if (verdict.Correct != line.GetProperty("correct").GetBoolean()) wrong.Add($"{line.GetProperty("id")}: {line.GetProperty("gold")} | {line.GetProperty("answer")} ({verdict.Reason})");
        }
        output.WriteLine($"{count} rewrites, {wrong.Count} wrong");
        count.ShouldBeGreaterThan(0);
        wrong.ShouldBeEmpty();
    }

    [Fact]
    public void EveryGoldOfTheBenchmarksAgreesWithItself()
    {
        var folder = Path.Combine(GoldenFolder.RequireSibling("TENON_DATA", "data"), "eval");
        var verifier = new MathVerifier();
        var (count, wrong) = (0, new List<string>());
        foreach (var file in Directory.GetFiles(folder, "*.jsonl"))
            foreach (var text in File.ReadLines(file))
            {
                using var line = JsonDocument.Parse(text);
                var gold = line.RootElement.GetProperty("answer").GetString()!;
                count++;
                if (verifier.Verify(gold, gold).Correct != true || verifier.Verify(gold, $"Hence $\\boxed{{{gold}}}$.").Correct != true) wrong.Add(gold);
            }
        output.WriteLine($"{count} golds");
        count.ShouldBeGreaterThan(0);
        wrong.ShouldBeEmpty();
    }

    private static IEnumerable<JsonElement> Lines(string file)
    {
        var path = Path.Combine(GoldenFolder.Require("verifier"), file);
        Assert.SkipUnless(File.Exists(path), $"no {file}");
        foreach (var text in File.ReadLines(path))
        {
            using var line = JsonDocument.Parse(text);
            yield return line.RootElement.Clone();
        }
    }
}
