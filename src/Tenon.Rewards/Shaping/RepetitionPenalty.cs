using System.Runtime.InteropServices;

namespace Tenon.Rewards.Shaping;

/// <summary>A penalty on repeated n-grams of tokens (arXiv 2502.03373, appendix C.2).</summary>
public static class RepetitionPenalty
{
    /// <summary>
    /// (1 - distinct / all) n-grams times <paramref name="maxPenalty"/> (0 or less); 0 below <paramref name="n"/> tokens. Linear in length.
    /// </summary>
    public static double Reward(ReadOnlySpan<int> tokens, int n, double maxPenalty)
    {
        if (n < 1) throw new TenonException("repetition penalty", "n-grams of 1 token or more", $"{n}", usage: true);
        if (maxPenalty > 0) throw new TenonException("repetition penalty", "a penalty of 0 or less", $"{maxPenalty}", usage: true);
        if (tokens.Length < n) return 0;
        var total = tokens.Length - n + 1;
        var share = 1 - (double)Distinct(tokens, n) / total;
        return share == 0 ? 0 : share * maxPenalty;
    }

    // Every n-gram gets the number of its first appearance, one token longer at a time: a pair (number of the first n - 1 tokens, last
    // token) names it
    // exactly, so that nothing rests on a hash.
    private static int Distinct(ReadOnlySpan<int> tokens, int n)
    {
        var names = tokens.ToArray();
        var distinct = 0;
        for (var length = 1; length <= n; length++)
        {
            var seen = new Dictionary<(int Prefix, int Last), int>();
            for (var i = 0; i + length <= tokens.Length; i++)
            {
                ref var name =
                    ref CollectionsMarshal.GetValueRefOrAddDefault(seen, (length == 1 ? 0 : names[i], tokens[i + length - 1]),
                    out var known);
                if (!known) name = seen.Count - 1;
                names[i] = name;
            }
            distinct = seen.Count;
        }
        return distinct;
    }
}
