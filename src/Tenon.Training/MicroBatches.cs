using Tenon.Models.Layers;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Training;

/// <summary>
/// A contiguous cut of a step's order (groups as drawn, completions, then the group's prompt) that fits a budget of tokens. Groups are kept
/// whole while they
/// fit; a larger one is cut between completions, and its prompt's gradient is held until its last part, so that any budget gives the same
/// bits.
/// </summary>
/// <param name="FirstRow">First completion, counted over the step.</param>
/// <param name="EndRow">One past the last completion.</param>
/// <param name="Layout">Ids and runs.</param>
/// <param name="Held">Set for the parts of a cut group.</param>
/// <param name="IsLastPart">True for whole groups and for the last part of a cut one.</param>
public sealed record MicroBatch(int FirstRow, int EndRow, GroupLayout Layout, HeldGradients? Held, bool IsLastPart)
{
    /// <summary>The batch as the model takes it, through an adapter or (null) the base.</summary>
    public TokenBatch ToBatch(IAdapter? adapter)
    {
        if (Held is not null && Layout.Runs[^1] is { Prefix: -1, Position: 0 } prompt && Layout.Runs.Length > 1)
        {
            Held.FirstRow = prompt.Start;
            Held.Rows = prompt.Length;
            Held.IsLast = IsLastPart;
        }

        return TokenBatch.Of(Layout.Ids, Layout.Runs, adapter, Held);
    }

    /// <summary>
    /// Where the batch's tokens stand for dropout: by the group's draw, the completion's number (0 for the prompt) and the position, so
    /// that neither the cut nor a shared
    /// prompt changes a mask. <paramref name="groups"/> are those that <see cref="Cut"/> was given, <paramref name="samples"/> the numbers
    /// of all their completions, from 0 in each group; null where no group lacks one.
    /// </summary>
    public DropoutPlaces Places(IReadOnlyList<RolloutGroup> groups, ulong seed, int step, IReadOnlyList<int>? samples = null)
    {
        var completions = groups.SelectMany(g => g.Rollouts.Select((_, i) => (g.Draw, i))).Skip(FirstRow).Take(EndRow - FirstRow)
            .Select((own, i) => (own.Draw, Sample: 1 + (samples?[FirstRow + i] ?? own.i)))
            .ToList();
        var places = new (int Row, int Position)[Layout.Ids.Length];
        foreach (var (run, completion, isPrompt) in Owned())
        {
            var (draw, sample) = completions[completion];
            var row = isPrompt ? draw << 12 : (draw << 12) | sample;
            for (var t = 0; t < run.Length; t++) places[run.Start + t] = (row, run.Position + t);
        }

        return new DropoutPlaces(seed, step, places);
    }

    /// <summary>
    /// The rows that sampling kept of the batch's tokens, where they may be taken; null where there are none. <paramref name="groups"/> are
    /// those that <see cref="Cut"/> was given.
    /// </summary>
    internal KeptRows? Kept(IReadOnlyList<RolloutGroup> groups)
    {
        var completions = groups.SelectMany(g => g.Rollouts).Skip(FirstRow).Take(EndRow - FirstRow)
            .Select(r => r.Sampled.Kept is { MayTake: true } kept ? kept : null).ToList();
        if (completions.Find(kept => kept is not null)?.Store is not { } store) return null;
        var rows = new KeptRows(store, Layout.Ids.Length, takes: true);
        var any = false;
        foreach (var (run, completion, isPrompt) in Owned())
        {
            var kept = isPrompt ? completions[completion]?.Prompt : completions[completion];
            for (var t = 0; t < run.Length; t++)
            {
                var row = kept?.Row(t) ?? -1;
                any |= row >= 0;
                rows.Set(run.Start + t, row);
            }
        }

        return any ? rows : null;
    }

    /// <summary>The runs in order, each with the completion of the batch that it is, or with the first that it is the prompt of.</summary>
    private IEnumerable<(TokenRun Run, int Completion, bool IsPrompt)> Owned()
    {
        var prompts = Layout.Runs.Where(r => r.Prefix >= 0).Select(r => r.Prefix).ToHashSet();
        var (first, next) = (new Dictionary<int, int>(), 0);
        for (var r = 0; r < Layout.Runs.Length; r++)
        {
            var run = Layout.Runs[r];
            if (prompts.Contains(r)) yield return (run, first[r], true);
            else
            {
                if (run.Prefix >= 0) first.TryAdd(run.Prefix, next);
                yield return (run, next++, false);
            }
        }
    }

    /// <summary>
    /// Cuts groups into micro-batches of at most <paramref name="budget"/> tokens (one completion with its prompt may be more).
    /// </summary>
    public static IReadOnlyList<MicroBatch> Cut(IReadOnlyList<RolloutGroup> groups, int budget, bool sharePrompts)
    {
        var result = new List<MicroBatch>();
        var open = new List<(int[] Prompt, IReadOnlyList<int[]> Completions)>();
        var (tokens, row, first) = (0, 0, 0);
        foreach (var group in groups)
        {
            var completions = group.Rollouts.Select(r => r.Sampled.Ids).ToList();
            var size = SizeOf(group.Prompt, completions, sharePrompts);
            if (tokens > 0 && tokens + size > budget) Close();
            if (size > budget && completions.Count > 1)
            {
                AddParts(result, group.Prompt, completions, row, budget, sharePrompts);
                row += completions.Count;
                first = row;
                continue;
            }

            open.Add((group.Prompt, completions));
            tokens += size;
            row += completions.Count;
        }

        if (open.Count > 0) Close();
        return result;

        void Close()
        {
            result.Add(new MicroBatch(first, row, GroupLayout.Of(open, sharePrompts), null, true));
            open.Clear();
            (tokens, first) = (0, row);
        }
    }

    private static int SizeOf(int[] prompt, IReadOnlyList<int[]> completions, bool sharePrompts) =>
        completions.Sum(c => c.Length) + (prompt.Length - 1) * (sharePrompts ? 1 : completions.Count);

    private static void AddParts(List<MicroBatch> result, int[] prompt, List<int[]> completions, int row, int budget, bool sharePrompts)
    {
        var held = sharePrompts && prompt.Length > 1 ? new HeldGradients() : null;
        for (var first = 0; first < completions.Count;)
        {
            var end = first + 1;
            while (end < completions.Count && SizeOf(prompt, completions[first..(end + 1)], sharePrompts) <= budget) end++;
            var layout = GroupLayout.Of([(prompt, completions[first..end])], sharePrompts);
            result.Add(new MicroBatch(row + first, row + end, layout, held, end == completions.Count));
            first = end;
        }
    }
}
