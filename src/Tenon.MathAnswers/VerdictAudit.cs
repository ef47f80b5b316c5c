using System.Globalization;
using System.Text.Json;

namespace Tenon.MathAnswers;

/// <summary>An answer with another judge's verdict, as a data file has it.</summary>
/// <param name="Line">The line or row, from 1.</param>
/// <param name="Gold">The gold; null where there is none.</param>
/// <param name="Answer">The completion; null where there is none.</param>
/// <param name="Verdict">The other judge's verdict; null where there is none.</param>
/// <param name="OpenedBlock">The think tag that the row's prompt left open; null where it has no prompt or left none.</param>
public sealed record JudgedLine(int Line, string? Gold, string? Answer, JsonElement? Verdict, string? OpenedBlock = null);

/// <summary>One answer that two judges see differently.</summary>
/// <param name="Line">Its line in the file.</param>
/// <param name="Gold">The gold.</param>
/// <param name="Answer">The completion.</param>
/// <param name="Ours">Our verdict with its reason.</param>
/// <param name="Theirs">The other column's verdict.</param>
/// <param name="States">False where our default rules find no statement of an answer, though its last number is the gold.</param>
public sealed record VerdictDifference(int Line, string Gold, string Answer, MathVerdict Ours, bool Theirs, bool States);

/// <summary>Our verdicts beside a column of another judge's: counts, and every answer on which they differ.</summary>
/// <param name="BothRight">Right for both.</param>
/// <param name="BothWrong">Wrong for both.</param>
/// <param name="Differences">Where one says right and the other wrong, in the file's order.</param>
/// <param name="Unread">Lines without a usable gold, completion or verdict, and golds that are empty.</param>
public sealed record VerdictAudit(int BothRight, int BothWrong, IReadOnlyList<VerdictDifference> Differences, int Unread)
{
    /// <summary>
    /// Answers that the other judge accepts and ours rejects: wrong answers that a reward of its kind pays for, where ours is right.
    /// </summary>
    public IEnumerable<VerdictDifference> OnlyTheirs => Differences.Where(d => d.Theirs);

    /// <summary>Answers that ours accepts and the other judge rejects.</summary>
    public IEnumerable<VerdictDifference> OnlyOurs => Differences.Where(d => !d.Theirs);

    /// <summary>Lines that were compared.</summary>
    public int Compared => BothRight + BothWrong + Differences.Count;

    /// <summary>Judges the lines and compares. A verdict is a boolean, a number (right above 0) or a word such as <c>correct</c>.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="profile">Our rules.</param>
    /// <param name="openedBlock">The think tag that prompts left open where a line says nothing of it.</param>
    public static VerdictAudit Read(IEnumerable<JudgedLine> lines, RuleProfile? profile = null, string? openedBlock = null)
    {
        var verifier = new MathVerifier(profile);
        var (right, wrong, unread) = (0, 0, 0);
        var differences = new List<VerdictDifference>();
        foreach (var line in lines)
        {
            var options = new VerifyOptions { OpenedBlock = line.OpenedBlock ?? openedBlock };
            if (line is not { Gold: { } gold, Answer: { } answer, Verdict: { } given } || Verdict(given) is not { } theirs
                || verifier.Verify(gold, answer, options) is not { Correct: { } ours } verdict)
            {
                unread++;
                continue;
            }

            if (ours == theirs) (right, wrong) = ours ? (right + 1, wrong) : (right, wrong + 1);
            else
                differences.Add(new VerdictDifference(line.Line, gold, answer, verdict, theirs,
                    ours || !EndsInGold(verifier, gold, answer, options)));
        }

        return new VerdictAudit(right, wrong, differences, unread);
    }

    private static bool EndsInGold(MathVerifier verifier, string gold, string answer, VerifyOptions options) =>
        verifier.Verify(gold, answer, options with { Profile = RuleProfile.Lenient }).Correct == true;

    private static bool? Verdict(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => value.GetDouble() > 0,
        JsonValueKind.String => value.GetString()!.Trim().ToLowerInvariant() switch
        {
            "true" or "correct" or "right" or "yes" or "c" => true,
            "false" or "incorrect" or "wrong" or "no" or "i" => false,
            var word => double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var score) ? score > 0 : null,
        },
        _ => null,
    };
}
