namespace Tenon.Evaluation.Comparisons;

/// <summary>Groups of rows that the data cannot tell apart.</summary>
public static class TiedSets
{
    /// <summary>
    /// Rows given from best to worst; <paramref name="apart"/> tells whether two of them differ. Each set is a stretch of the order within
    /// which no two
    /// differ, as long as it can be; a row may stand in two sets, for "cannot be told apart" does not carry over.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<string>> Of(IReadOnlyList<string> ordered, Func<int, int, bool> apart)
    {
        var sets = new List<IReadOnlyList<string>>();
        var reached = -1;
        for (var first = 0; first < ordered.Count; first++)
        {
            var last = first;
            while (last + 1 < ordered.Count && Enumerable.Range(first, last - first + 1).All(i => !apart(i, last + 1))) last++;
            if (last <= reached) continue;
            sets.Add([.. Enumerable.Range(first, last - first + 1).Select(i => ordered[i])]);
            reached = last;
        }

        return sets;
    }
}
