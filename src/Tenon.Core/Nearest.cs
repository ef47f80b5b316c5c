namespace Tenon;

/// <summary>Finds the name a person most likely meant: the smallest edit distance (insert, delete, replace, swap of neighbours).</summary>
public static class Nearest
{
    /// <summary>
    /// The nearest of <paramref name="names"/> to <paramref name="word"/>, or null where none is near (more than a third of the letters
    /// differ).
    /// </summary>
    public static string? Of(string word, IEnumerable<string> names)
    {
        string? best = null;
        var least = int.MaxValue;
        foreach (var name in names)
        {
            var distance = Distance(word.ToLowerInvariant(), name.ToLowerInvariant());
            if (name.Length > 2 && word.Length > 2
                && (name.StartsWith(word, StringComparison.OrdinalIgnoreCase) || word.StartsWith(name, StringComparison.OrdinalIgnoreCase)))
                distance = Math.Min(distance, 1);
            if (distance < least) (best, least) = (name, distance);
        }
        return best is not null && least <= Math.Max(1, Math.Max(best.Length, word.Length) / 3 + 1) && least < best.Length ? best : null;
    }

    /// <summary>The optimal-string-alignment distance of two words.</summary>
    public static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        return d[a.Length, b.Length];
    }
}
