using Tenon.Tensors.Ops;

namespace Tenon.Models.Layers;

/// <summary>
/// How groups of completions lie in a flat batch: for each group its completions in order, then its prompt, so that a sum over rows visits
/// completions before the
/// prompt that they share. A completion's run starts with the prompt's last token, so each of its rows predicts one of its tokens and the
/// shared part needs none.
/// </summary>
public sealed class GroupLayout
{
    private GroupLayout(int[] ids, TokenRun[] runs, int[] rows, int[] targets)
    {
        Ids = ids;
        Runs = runs;
        Rows = rows;
        Targets = targets;
    }

    /// <summary>Token ids, row by row.</summary>
    public int[] Ids { get; }

    /// <summary>Runs for <see cref="TokenBatch"/>.</summary>
    public TokenRun[] Runs { get; }

    /// <summary>The rows whose hidden state predicts a completion's token, completions in order.</summary>
    public int[] Rows { get; }

    /// <summary>The token that each of <see cref="Rows"/> predicts.</summary>
    public int[] Targets { get; }

    /// <summary>
    /// The layout of groups; where <paramref name="sharePrompts"/> is off each completion carries its own copy of the prompt.
    /// </summary>
    public static GroupLayout Of(IReadOnlyList<(int[] Prompt, IReadOnlyList<int[]> Completions)> groups, bool sharePrompts = true)
    {
        var ids = new List<int>();
        var runs = new List<TokenRun>();
        var rows = new List<int>();
        var targets = new List<int>();
        foreach (var (prompt, completions) in groups)
        {
            if (prompt.Length == 0) throw new TenonException("prompt of a group", "at least one token", "none");
            var shared = prompt.Length - 1;
            // The prompt's run follows the completions of its group: its index is known beforehand.
            var prefix = shared == 0 ? -1 : sharePrompts ? runs.Count + completions.Count : 0;
            foreach (var completion in completions)
            {
                if (!sharePrompts && shared > 0)
                {
                    prefix = runs.Count + 1;
                }

                runs.Add(new TokenRun(ids.Count, completion.Length, shared, prefix));
                for (var t = 0; t < completion.Length; t++) rows.Add(ids.Count + t);
                ids.Add(prompt[^1]);
                ids.AddRange(completion.AsSpan(0, completion.Length - 1));
                targets.AddRange(completion);
                if (sharePrompts || shared == 0) continue;
                runs.Add(new TokenRun(ids.Count, shared, 0));
                ids.AddRange(prompt.AsSpan(0, shared));
            }

            if (!sharePrompts || shared == 0) continue;
            runs.Add(new TokenRun(ids.Count, shared, 0));
            ids.AddRange(prompt.AsSpan(0, shared));
        }

        return new GroupLayout([.. ids], [.. runs], [.. rows], [.. targets]);
    }
}
