using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tenon.MathAnswers;
using Tenon.MathAnswers.MathVerify;
using Tenon.Tests.Support;

namespace Tenon.Tests.MathAnswers;

public sealed class VerifierGoldenTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_rewrite_with_a_known_verdict_is_judged_right()
    {
        var verifier = new MathVerifier();
        var (count, wrong) = (0, new List<string>());
        foreach (var line in Lines("rewrites.jsonl"))
        {
            var verdict = verifier.Verify(line.GetProperty("gold").GetString()!, line.GetProperty("answer").GetString()!);
            count++;
            if (verdict.Correct != line.GetProperty("correct").GetBoolean())
                wrong.Add($"{line.GetProperty("id")}: {line.GetProperty("gold")} | {line.GetProperty("answer")} ({verdict.Reason})");
        }
        output.WriteLine($"{count} rewrites, {wrong.Count} wrong");
        count.ShouldBeGreaterThan(0);
        wrong.ShouldBeEmpty();
    }

    [Fact]
    public void Every_gold_of_the_benchmarks_agrees_with_itself()
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
                if (verifier.Verify(gold, gold).Correct != true || verifier.Verify(gold, $"Hence $\\boxed{{{gold}}}$.").Correct != true)
                    wrong.Add(gold);
            }
        output.WriteLine($"{count} golds");
        count.ShouldBeGreaterThan(0);
        wrong.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("suite.jsonl", 264)]
    [InlineData("probes.jsonl", 457)]
    public void The_math_verify_profile_agrees_with_math_verify(string file, int agreed)
    {
        var profile = new MathVerifier(RuleProfile.MathVerify);
        var (count, same) = (0, 0);
        foreach (var line in Lines(file))
        {
            count++;
            if (profile.Verify(Text(line, "gold"), Text(line, "pred"), Options(line)).Correct == line.GetProperty("expect").GetBoolean())
                same++;
            else output.WriteLine($"{line.GetProperty("id")}: expected {line.GetProperty("expect")}");
        }
        output.WriteLine($"{file}: {same} of {count}");
        same.ShouldBeGreaterThanOrEqualTo(agreed);
    }

    [Theory]
    [InlineData("suite.jsonl", 258)]
    [InlineData("probes.jsonl", 389)]
    public void Every_verdict_that_is_not_math_verifys_is_listed_with_its_argument(string file, int agreed)
    {
        var listed = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "verifier", "disagreements.tsv"))
            .Where(l => l[0] != '#').Select(l => l.Split('\t')).ToDictionary(l => l[0], l => (Ours: l[1] == "true", Why: l[2]));
        // What Math-Verify takes from texts that state nothing is comparable only where we take it too.
        var verifier = new MathVerifier(RuleProfile.Lenient);
        var (count, found, unlisted) = (0, new HashSet<string>(), new List<string>());
        foreach (var line in Lines(file))
        {
            count++;
            var id = Text(line, "id");
            var verdict = verifier.Verify(Text(line, "gold"), Text(line, "pred"), Options(line)).Correct;
            if (verdict == line.GetProperty("expect").GetBoolean()) continue;
            found.Add(id);
            if (!listed.TryGetValue(id, out var row) || row.Ours != verdict || row.Why.Length == 0)
                unlisted.Add($"{id}: {Text(line, "gold")} | {Text(line, "pred")}: {verdict}");
        }
        output.WriteLine($"{file}: {count - found.Count} of {count}");
        unlisted.ShouldBeEmpty();
        listed.Keys.Where(id => id.StartsWith("probe.", StringComparison.Ordinal) == (file == "probes.jsonl") && !found.Contains(id))
            .ShouldBeEmpty("listed, but agreed with");
        (count - found.Count).ShouldBeGreaterThanOrEqualTo(agreed);
    }

    [Fact]
    public void The_document_holds_every_listed_disagreement()
    {
        var document = File.ReadAllText(Repository.Path("docs/verifier.md"));
        foreach (var row in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "verifier", "disagreements.tsv"))
            .Where(l => l[0] != '#'))
        {
            var parts = row.Split('\t')[0].Split('.');
            // probe.0007.num is 7 there; test_boxed.test_boxed.000 is boxed.000.
            var shown = parts[0] == "probe" ? int.Parse(parts[1], CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)
                : "." + parts[2];
            Regex.IsMatch(document, $@"(?<!\d){Regex.Escape(shown)}(?!\d)").ShouldBeTrue($"{row} is not in docs/verifier.md");
        }
    }

    [Fact]
    public void The_math_verify_profile_extracts_what_math_verify_extracts()
    {
        var (count, same) = (0, 0);
        foreach (var line in Lines("probes-extract.jsonl"))
        {
            count++;
            var reading = MathVerifyReading.Of(Text(line, "pred"));
            var oracle = line.GetProperty("oracle_result").EnumerateArray().Select(e => e.GetString()!).ToList();
            var text = oracle.Count == 0 ? null : oracle[^1].Trim('\'').Replace(@"\\", @"\", StringComparison.Ordinal);
            if (reading.Text == text && (reading.Value is not null) == (oracle.Count == 2)) same++;
            else output.WriteLine($"{line.GetProperty("id")}: {Text(line, "pred")} gives {reading.Value}, {reading.Text} for "
                + $"{string.Join(", ", oracle)}");
        }
        output.WriteLine($"{same} of {count}");
        same.ShouldBeGreaterThanOrEqualTo(53);
    }

    [Fact]
    public void A_choice_is_found_where_math_verifys_string_target_finds_one()
    {
        var verifier = new MathVerifier(RuleProfile.Lenient);
        var (count, same) = (0, 0);
        foreach (var line in Lines("suite-extract.jsonl"))
        {
            count++;
            var expect = line.GetProperty("expect").EnumerateArray().Select(e => e.GetString()!).ToList();
            if ((verifier.Verify(expect.Count == 0 ? "A" : expect[1], Text(line, "pred")).Correct == true) == (expect.Count > 0)) same++;
            else output.WriteLine($"{line.GetProperty("id")}: {Text(line, "pred")}");
        }
        output.WriteLine($"{same} of {count}");
        same.ShouldBeGreaterThanOrEqualTo(6);
    }

    [Fact]
    public void On_typical_completions_the_verdict_is_the_evaluations_but_for_notation()
    {
        var (boxed, open) = (new MathVerifier(RuleProfile.Boxed), new MathVerifier(RuleProfile.Lenient));
        var (count, same, trained) = (0, 0, 0);
        foreach (var line in Lines("probes-reward.jsonl"))
        {
            count++;
            if (boxed.Verify(Text(line, "gold"), Text(line, "pred")).Correct == line.GetProperty("eval_pass").GetBoolean()) same++;
            else output.WriteLine($"boxed: {Text(line, "gold")} | {Text(line, "pred")}: evaluation says {line.GetProperty("eval_pass")}");
            if (open.Verify(Text(line, "gold"), Text(line, "pred")).Correct == (line.GetProperty("train_reward").GetDouble() == 1))
                trained++;
            else output.WriteLine($"tenon: {Text(line, "gold")} | {Text(line, "pred")}: training reward {line.GetProperty("train_reward")}");
        }
        output.WriteLine($"boxed as the evaluation {same}, tenon as the training reward {trained} of {count}");
        same.ShouldBeGreaterThanOrEqualTo(23);
        trained.ShouldBeGreaterThanOrEqualTo(21);
    }

    [Fact]
    public void The_audit_of_the_data_finds_few_golds_that_are_judged_badly()
    {
        var folder = GoldenFolder.RequireSibling("TENON_DATA", "data");
        var (golds, unreadable) = (0, 0);
        foreach (var file in Directory.GetFiles(folder, "*.jsonl", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var findings = GoldAudit.Read(File.ReadLines(file));
            output.WriteLine(
                $"{Path.GetFileName(file)}: "
                + $"{string.Join(", ", findings.GroupBy(f => f.Kind).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key} "
                + $"{g.Count()}"))}");
            golds += File.ReadLines(file).Count();
            unreadable += findings.Count(f => f.Kind is "empty" or "unreadable" or "unparsable");
        }
        output.WriteLine($"{golds} golds, {unreadable} empty, unreadable or compared as text");
        unreadable.ShouldBeLessThanOrEqualTo(4);
    }

    private static string Text(JsonElement line, string name) => line.GetProperty(name).GetString()!;

    /// <summary>Math-Verify rounds to decimals; the nearest thing of ours is a relative tolerance.</summary>
    private static VerifyOptions? Options(JsonElement line) =>
        line.GetProperty("config").GetProperty("float_rounding").GetInt32() is var digits and not 6
        ? new VerifyOptions { Tolerance = Math.Pow(10, -digits) } : null;

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
