using System.Text.Json;

namespace Tenon.Rewards.Tasks;

/// <summary>
/// What every generated family shares: keys of the random numbers, ids, and the split. A draft belongs to the held-out split where the hash
/// of
/// its content key is 0 mod 8; the key leaves out what does not make a new problem (the order of a sum's terms, the level, the seed), so a
/// problem that was trained on is never held out, under any pair of seeds.
/// </summary>
public abstract class GeneratedTask : ITask
{
    // Far beyond chance: with one draft in eight held out, 10,000 misses in a row do not happen unless a level has no held-out problem at
    // all.
    private const int Attempts = 10_000;

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public int Levels => LevelNames.Count;

    /// <inheritdoc/>
    public abstract IReward Checker { get; }

    /// <summary>What each level asks, level 1 first.</summary>
    protected internal abstract IReadOnlyList<string> LevelNames { get; }

    /// <inheritdoc/>
    public string Describe(int level) => LevelNames[Checked(level) - 1];

    /// <inheritdoc/>
    public Problem Draw(int level, ulong seed, long index, Split split)
    {
        Checked(level);
        if (index < 0) throw new TenonException($"Task {Name}", "an index from 0", $"{index}");
        var task = CounterRandom.Hash(Name);
        for (ulong attempt = 0; attempt < Attempts; attempt++)
        {
            var draft = Make(level, CounterRandom.From(seed, task, (ulong)level, (ulong)split, (ulong)index, attempt));
            if (draft is null || SplitOf(draft.Key) != split) continue;
            var part = split == Split.Train ? "train" : "eval";
            return new Problem($"{Name}-{level}-{part}-{seed}-{index}", draft.Text, draft.Answer,
                draft.Fields)
            { Solution = draft.Solution };
        }

        throw new TenonException($"Task {Name}, level {level}: no problem for the {split} split found", hint: "choose another level");
    }

    /// <summary>Makes one problem, or null where the numbers drawn give none that is fit to ask.</summary>
    private protected abstract Draft? Make(int level, CounterRandom random);

    internal static Split SplitOf(string key) => CounterRandom.Hash(key) % 8 == 0 ? Split.Eval : Split.Train;

    /// <summary>A checker's data as a problem carries it.</summary>
    private protected static Dictionary<string, JsonElement> Fields(params ReadOnlySpan<(string Name, object Value)> pairs)
    {
        var fields = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var (name, value) in pairs) fields[name] = JsonSerializer.SerializeToElement(value);
        return fields;
    }

    private int Checked(int level)
    {
        if (level >= 1 && level <= Levels) return level;
        throw new TenonException($"Task {Name}: level", $"1 to {Levels}", $"{level}", "see docs/rewards.md for what each level asks",
            usage: true);
    }

    /// <summary>A problem before it has an id.</summary>
    /// <param name="Key">What makes it this problem and no other: the split hashes it.</param>
    /// <param name="Text">The question.</param>
    /// <param name="Answer">The answer, or one of the answers.</param>
    /// <param name="Solution">The worked answer, where the family has one.</param>
    /// <param name="Fields">What the checker needs beside the answer.</param>
    private protected sealed record Draft(
        string Key, string Text, string Answer, string? Solution = null, IReadOnlyDictionary<string, JsonElement>? Fields = null);
}
