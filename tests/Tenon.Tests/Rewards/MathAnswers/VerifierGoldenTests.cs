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

    [Theory]
    [InlineData("suite.jsonl", 0.97, 0.95)]
    [InlineData("probes.jsonl", 0.94, 0.80)]
    public void TheProfilesAgreeWithMathVerifyWhereTheyShould(string file, double comparison, double own)
    {
        var (profile, tenon) = (new MathVerifier(RuleProfile.MathVerify), new MathVerifier());
        var (count, same, right) = (0, 0, 0);
        foreach (var line in Lines(file))
        {
            var rounding = line.GetProperty("config").GetProperty("float_rounding").GetInt32();
            var options = rounding == 6 ? null : new VerifyOptions { Tolerance = Math.Pow(10, -rounding) };
            var (gold, answer, expect) = (line.GetProperty("gold").GetString()!, line.GetProperty("pred").GetString()!, line.GetProperty("expect").GetBoolean());
            count++;
            var verdict = profile.Verify(gold, answer, options);
            if (verdict.Correct == expect) same++;
            else output.WriteLine($"math-verify {line.GetProperty("id")}: expected {expect}, {verdict.Reason}");
            verdict = tenon.Verify(gold, answer, options);
            if (verdict.Correct == expect) right++;
            else output.WriteLine($"tenon {line.GetProperty("id")}: {gold[..Math.Min(gold.Length, 60)]} | {answer[..Math.Min(answer.Length, 60)]}: {verdict.Correct}, {verdict.Reason}");
        }
        output.WriteLine($"{file}: {count} cases, math-verify profile agrees on {same}, tenon profile on {right}");
        ((double)same / count).ShouldBeGreaterThanOrEqualTo(comparison);
        ((double)right / count).ShouldBeGreaterThanOrEqualTo(own);
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
