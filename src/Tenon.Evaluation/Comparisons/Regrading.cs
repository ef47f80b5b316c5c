using System.Text.Json.Nodes;
using Tenon.MathAnswers;

namespace Tenon.Evaluation.Comparisons;

/// <summary>A sample on which our grader and another tool's do not agree.</summary>
/// <param name="Sample">The sample.</param>
/// <param name="Ours">Our verdict.</param>
/// <param name="Reason">The rule that decided.</param>
/// <param name="Extracted">The answer that we found.</param>
public sealed record ChangedVerdict(ImportedSample Sample, bool Ours, string Reason, string? Extracted)
{
    /// <summary>The line of <c>--json</c>.</summary>
    public JsonObject ToJson() => new()
    {
        ["problem"] = Sample.Problem, ["sample"] = Sample.Sample, ["theirs"] = Sample.Score, ["ours"] = Ours ? 1 : 0, ["reason"] = Reason,
        ["gold"] = Sample.Gold, ["extracted"] = Extracted,
    };
}

/// <summary>Samples of another tool under its verdicts and under ours.</summary>
/// <param name="Theirs">The tool's scores; null where it gives none.</param>
/// <param name="Ours">Our scores.</param>
/// <param name="Changed">Where they disagree; only where the tool scores each sample by itself.</param>
/// <param name="Skipped">Samples without a gold that can be judged.</param>
public sealed record Regrading(Entrant? Theirs, Entrant Ours, IReadOnlyList<ChangedVerdict> Changed, int Skipped)
{
    /// <summary>Samples whose tool gives one score to several together: none of them has a verdict of its own to change.</summary>
    public int Shared { get; private init; }

    /// <summary>Judges again; a problem whose tool's score is a mean over samples counts with that mean on their side.</summary>
    public static Regrading Of(string name, IReadOnlyList<ImportedSample> samples, RuleProfile profile)
    {
        var verifier = new MathVerifier(profile);
        var verdicts = new MathVerdict[samples.Count];
        Parallel.For(0, samples.Count, Workers.Options, i => verdicts[i] =
            verifier.Verify(samples[i].Gold ?? "", samples[i].Text, new VerifyOptions { OpenedBlock = samples[i].OpenedBlock }));
        var judged = samples.Zip(verdicts).Where(p => p.Second.Correct is not null).ToList();
        if (judged.Count == 0)
            throw new TenonException($"regrading {name}", "samples with a gold", "none", "--data FILE gives golds by the problems' ids",
                usage: true);
        var changed = judged.Where(p => p.First is { SharedScore: false, Score: { } theirs } && theirs > 0.5 != p.Second.Correct)
            .Select(p => new ChangedVerdict(p.First, p.Second.Correct == true, p.Second.Reason, p.Second.Extracted)).ToList();
        var ours = new Entrant(name + " regraded", [Scores(judged, p => p.Second.Correct == true ? 1 : 0)]);
        var scored = judged.Where(p => p.First.Score is not null).ToList();
        return new(
            scored.Count == 0 ? null
            : new Entrant(name, [Scores(scored, p => p.First.Score!.Value)]), ours, changed, samples.Count - judged.Count)
        {
            Shared = samples.Count(s => s.SharedScore),
        };
    }

    private static ProblemScores[] Scores(
        IEnumerable<(ImportedSample First, MathVerdict Second)> samples, Func<(ImportedSample First, MathVerdict Second), double> score) =>
        [.. samples.GroupBy(p => p.First.Problem).Select(g => new ProblemScores(g.Key, [.. g.Select(score)]))];
}
