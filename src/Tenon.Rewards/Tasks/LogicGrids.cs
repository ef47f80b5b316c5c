using Tenon.Rewards.Outcome;

namespace Tenon.Rewards.Tasks;

/// <summary>
/// Who has what: people and their pets, drinks, colours, from clues. The clues leave exactly one arrangement (all arrangements are tried),
/// and no
/// clue can be left out. The whole arrangement is asked, so a guess at one pet earns nothing.
/// </summary>
public sealed class LogicGrids : GeneratedTask
{
    private static readonly string[] People = ["Ann", "Ben", "Cid", "Dan"];
    private static readonly (string Kind, string[] Things)[] Kinds =
    [
        ("pet", ["cat", "dog", "fish", "owl"]),
        ("drink", ["tea", "milk", "juice", "water"]),
        ("colour", ["red", "blue", "green", "white"]),
    ];

    // All arrangements of each size, made once and only read: 13,824 of them at level 5.
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<(int People, int Kinds), List<int[][]>> Grids = new();

    /// <inheritdoc/>
    public override string Name => "logic-grids";

    /// <inheritdoc/>
    public override IReward Checker { get; } = new ListReward();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<string> LevelNames =>
        ["3 people, one kind of thing", "4 people, one kind of thing", "3 people, two kinds of things", "4 people, two kinds of things",
        "4 people, three kinds of things"];

    private protected override Draft? Make(int level, CounterRandom random)
    {
        var people = level is 1 or 3 ? 3 : 4;
        var kinds = Enumerable.Range(0, Kinds.Length).ToArray();
        random.Shuffle<int>(kinds);
        kinds = kinds[..(level switch { 1 or 2 => 1, 5 => 3, _ => 2 })];
        var grids = Grids.GetOrAdd((people, kinds.Length), key => Arrangements(key.People, key.Kinds));
        var solution = grids[random.Below(grids.Count)];
        var clues = FewestClues(AllClues(people, kinds, solution, random), grids, random);
        var given = string.Join("; ", kinds.Select(k => $"{Kinds[k].Kind} ({string.Join(", ", Kinds[k].Things[..people])})"));
        var names = string.Join(", ", People[..people]);
        var text = $"{names} each have one {given}, all different. {string.Join(" ", clues.Select(c => c.Text))} "
            + $"Answer with the list: {string.Join(", then ", kinds.Select(k => $"the {Kinds[k].Kind}s"))} of {names}, in this order.";
        var answer = string.Join(", ", kinds.Select((k, i) => string.Join(", ", solution[i].Select(t => Kinds[k].Things[t]))));
        return new(text, text, answer, $"\\boxed{{{answer}}}");
    }

    // Every way to give each kind's things to the people: grid[kind][person] = thing.
    private static List<int[][]> Arrangements(int people, int kinds)
    {
        var orders = Permutations([.. Enumerable.Range(0, people)]).ToList();
        List<int[][]> grids = [[]];
        for (var k = 0; k < kinds; k++) grids = [.. grids.SelectMany(g => orders.Select(o => (int[][])[.. g, o]))];
        return grids;
    }

    private static IEnumerable<int[]> Permutations(int[] items)
    {
        if (items.Length <= 1) return [items];
        return items.SelectMany(first => Permutations([.. items.Where(i => i != first)]).Select(rest => (int[])[first, .. rest]));
    }

    // True statements of every form, in random order; plain ones ("Ann has cat") are kept rare, since a few of them make a puzzle trivial.
    private static List<Clue> AllClues(int people, int[] kinds, int[][] solution, CounterRandom random)
    {
        var clues = new List<Clue>();
        for (var k = 0; k < kinds.Length; k++)
            for (var p = 0; p < people; p++)
                for (var t = 0; t < people; t++)
                {
                    int kind = k, person = p, thing = t;
                    var name = Kinds[kinds[k]].Things[t];
                    if (solution[k][p] != t) clues.Add(new($"{People[p]} does not have {name}.", g => g[kind][person] != thing));
                    else if (kinds.Length > 1 && random.Below(3) == 0)
                        clues.Add(new($"{People[p]} has {name}.", g => g[kind][person] == thing));
                    for (var other = k + 1; other < kinds.Length; other++)
                        for (var u = 0; u < people; u++)
                        {
                            int second = other, match = u;
                            var holds = solution[k].IndexOf(t) == solution[other].IndexOf(u);
                            clues.Add(new($"Whoever has {name} {(holds ? "has" : "does not have")} {Kinds[kinds[other]].Things[u]}.",
                                g => (g[kind].IndexOf(thing) == g[second].IndexOf(match)) == holds));
                        }
                }

        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(clues));
        return clues;
    }

    private static List<Clue> FewestClues(List<Clue> clues, List<int[][]> grids, CounterRandom random)
    {
        // Take clues while they still rule something out ...
        var left = grids;
        var taken = new List<Clue>();
        foreach (var clue in clues)
        {
            var fewer = left.FindAll(g => clue.Holds(g));
            if (fewer.Count == left.Count) continue;
            taken.Add(clue);
            left = fewer;
            if (left.Count == 1) break;
        }

        // ... then drop each one that the others make needless. Each clue is asked once about every grid; the rest is on bits.
        var masks = taken.ConvertAll(clue => Mask(clue, grids));
        for (var i = 0; i < taken.Count;)
        {
            if (!OneLeft(masks, i, grids.Count))
            {
                i++;
                continue;
            }

            taken.RemoveAt(i);
            masks.RemoveAt(i);
        }

        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(taken));
        return taken;
    }

    private static ulong[] Mask(Clue clue, List<int[][]> grids)
    {
        var mask = new ulong[(grids.Count + 63) / 64];
        for (var g = 0; g < grids.Count; g++)
            if (clue.Holds(grids[g])) mask[g / 64] |= 1UL << g;
        return mask;
    }

    // True where all clues but one leave a single grid.
    private static bool OneLeft(List<ulong[]> masks, int without, int grids)
    {
        var left = 0;
        for (var word = 0; word < (grids + 63) / 64 && left <= 1; word++)
        {
            var bits = ulong.MaxValue;
            for (var m = 0; m < masks.Count; m++)
                if (m != without) bits &= masks[m][word];
            // Without any clue every bit stands, those beyond the last grid too.
            if (word == grids / 64) bits &= (1UL << grids) - 1;
            left += System.Numerics.BitOperations.PopCount(bits);
        }

        return left == 1;
    }

    private sealed record Clue(string Text, Func<int[][], bool> Holds);
}
