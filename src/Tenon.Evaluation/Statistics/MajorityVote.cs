namespace Tenon.Evaluation.Statistics;

/// <summary>The most frequent answer of a question's samples.</summary>
/// <param name="Winner">The answer with the most votes, the first seen among equals; null where nobody voted.</param>
/// <param name="Votes">Its votes.</param>
/// <param name="Tied">All answers with that many votes, in order of appearance.</param>
public sealed record MajorityVote(string? Winner, int Votes, IReadOnlyList<string> Tied)
{
    /// <summary>Counts answers that are equal as text; null is an unreadable answer, which has no vote.</summary>
    public static MajorityVote Of(IEnumerable<string?> answers)
    {
        var votes = new Dictionary<string, int>(StringComparer.Ordinal);
        var order = new List<string>();
        foreach (var answer in answers)
        {
            if (answer is null) continue;
            if (!votes.TryAdd(answer, 1)) votes[answer]++;
            else order.Add(answer);
        }

        var most = votes.Count == 0 ? 0 : votes.Values.Max();
        string[] tied = [.. order.Where(a => votes[a] == most)];
        return new(tied.FirstOrDefault(), most, tied);
    }
}
