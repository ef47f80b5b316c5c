using Tenon.MathAnswers;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Benchmarks;

/// <summary>Majority votes over answers that are equal, not only equal as texts: 1/2 and 0.5 are one answer.</summary>
internal static class AnswerVotes
{
    private static readonly MathVerifier S_verifier = new();

    /// <summary>
    /// True where the answer with the most votes (the first among equals) is right. A sample without an answer has no vote; without any
    /// vote the problem is wrong.
    /// </summary>
    public static bool MajorityIsRight(IReadOnlyList<EvaluationSample> samples)
    {
        var classes = new List<(string Answer, int Votes, bool Right)>();
        foreach (var sample in samples)
        {
            if (sample.Answer is not { } answer) continue;
            var at = classes.FindIndex(c => c.Answer == answer);
            // A right and a wrong answer are never one, whatever the comparison of their texts alone would say.
            if (at < 0) at = classes.FindIndex(c => c.Right == (sample.Correct == true) && AreEqual(c.Answer, answer));
            if (at < 0) classes.Add((answer, 1, sample.Correct == true));
            else classes[at] = classes[at] with { Votes = classes[at].Votes + 1 };
        }

        return classes.Count > 0 && classes.MaxBy(c => c.Votes).Right;
    }

    private static bool AreEqual(string a, string b) => S_verifier.Verify(a, $"\\boxed{{{b}}}").Correct == true;
}
