using System.Text.Json;
using Tenon.MathAnswers;

namespace Tenon.Tests.MathAnswers;

/// <summary>
/// The kinds of completions that users of such programs have seen judged wrongly, a table row each (Golden/verifier/kinds.txt,
/// further-kinds.txt, completions.txt, field-cases.jsonl and its three successors).
/// </summary>
public sealed class FieldKindsTests
{
    private static readonly string[] Statements =
    [
        "The answer is 36.", "So the total is 36.", "Therefore, there are 36 apples.", "She sells 36 eggs.", "36", "**36**",
            "Thus $x = 36$.", "#### 36", "答案是36。", "Ответ: 36",
    ];

    private static readonly string[] NoStatements =
    [
        "It might be 36, or 40; I cannot decide", "First, 6^2 = 36. Now this has to be doubled, so", "6^2 = 36\n\n36 + 4 =", "Let x = 36.",
            "I guess 36.", "Is it 36?",
        "The answer might be 36.", "The answer is 36. Wait, that is wrong. Let me", "首先，6^2 = 36。然后", "Возможно, 36.",
    ];

    public static TheoryData<string, string> Rows()
    {
        var data = new TheoryData<string, string>();
        var kind = "";
        foreach (var file in (string[])["kinds.txt", "further-kinds.txt", "completions.txt"])
            foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "verifier", file)))
            {
                if (line.StartsWith('#')) kind = line[2..];
                else if (line.Length > 0) data.Add(kind, line);
            }

        return data;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_row_is_judged_as_a_person_would(string kind, string row)
    {
        var parts = row.Split(" || ");
        var verdict = new MathVerifier().Verify(parts[1], parts[2].Replace("\\n\\n", "\n\n", StringComparison.Ordinal));
        verdict.Reason.ShouldNotBe("internal");
        verdict.Correct.ShouldBe(parts[0] == "T", $"{kind}: {row} ({verdict.Reason}, {verdict.Extracted}, {verdict.ExtractionRule})");
    }

    public static TheoryData<string> Cases()
    {
        var data = new TheoryData<string>();
        foreach (var file in (string[])["field-cases.jsonl", "more-field-cases.jsonl", "later-field-cases.jsonl",
            "further-field-cases.jsonl"])
            foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Golden", "verifier", file))) data.Add(line);
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_case_of_the_field_is_judged_as_a_person_would(string line)
    {
        using var row = JsonDocument.Parse(line);
        var root = row.RootElement;
        var opened = root.TryGetProperty("prompt", out var prompt) ? ThinkBlocks.LeftOpen(prompt.GetString()!)
            : root.TryGetProperty("thinking", out _) ? ThinkBlocks.UnknownTag : null;
        var options = new VerifyOptions { OpenedBlock = opened, Truncated = root.TryGetProperty("truncated", out _) };
        var profile = root.TryGetProperty("profile", out var name) ? RuleProfile.Find(name.GetString()!) : RuleProfile.Tenon;
        var verdict = new MathVerifier(profile).Verify(root.GetProperty("gold").GetString()!,
            root.GetProperty("answer").GetString()!, options);
        verdict.Reason.ShouldNotBe("internal");
        verdict.Correct.ShouldBe(root.GetProperty("want").GetBoolean(), $"{line} ({verdict.Reason}, {verdict.Extracted})");
    }

    [Fact]
    public void What_states_no_answer_earns_nothing_unless_the_profile_is_lenient()
    {
        foreach (var text in Statements) new MathVerifier().Verify("36", text).Correct.ShouldBe(true, text);
        foreach (var text in NoStatements) new MathVerifier().Verify("36", text).Correct.ShouldBe(false, text);
        new MathVerifier(RuleProfile.Lenient).Verify("36", NoStatements[1]).Correct.ShouldBe(true);
        new MathVerifier(RuleProfile.Lenient).Verify("36", NoStatements[3]).Rules.ShouldBe("lenient-9");
    }

    [Theory]
    [InlineData("So the total is 36.", false)]
    [InlineData("The answer is 36.", true)]
    [InlineData("\\boxed{36} and", true)]
    public void A_completion_cut_at_its_limit_needs_a_box_or_the_word(string text, bool right) =>
        new MathVerifier().Verify("36", text, new VerifyOptions { Truncated = true }).Correct.ShouldBe(right);

    [Theory]
    [InlineData("\u0967\u0968\u096b", "125")]
    [InlineData("\u0661\u066c\u0662\u0663\u0664\u066b\u0665", "1,234.5")]
    [InlineData("\uff11\uff12\uff05", "12%")]
    [InlineData("\u200f12\u3002", "12. ")]
    [InlineData("caf\u00e9 12", "caf\u00e9 12")]
    public void Digits_and_signs_of_other_scripts_become_ours(string text, string ours) =>
        Tenon.MathAnswers.Parsing.OtherScripts.Normalise(text).ShouldBe(ours);
}
