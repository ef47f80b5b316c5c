namespace Tenon.Rewards.Tasks;

/// <summary>
/// Shortest paths in small graphs. Any shortest path is right; it never is the direct edge, and every node can be reached.
/// </summary>
public sealed class GraphPaths : GeneratedTask
{
    /// <inheritdoc/>
    public override string Name => "graph-paths";

    /// <inheritdoc/>
    public override IReward Checker { get; } = new GraphPathChecker();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<string> LevelNames =>
    [
        "fewest edges among 5 nodes",
        "fewest edges among 8 nodes",
        "least total weight among 6 nodes",
        "least total weight among 8 nodes, edges one way",
    ];

    private protected override Draft? Make(int level, CounterRandom random)
    {
        var nodes = level switch { 1 => 5, 3 => 6, _ => 8 };
        bool weighted = level >= 3, oneWay = level == 4;
        var edges = new List<(int From, int To, int Weight)>();
        var order = Enumerable.Range(0, nodes).ToArray();
        random.Shuffle<int>(order);
        // A random tree joins every node; further edges make the choice.
        for (var i = 1; i < nodes; i++) edges.Add((order[random.Below(i)], order[i], Weight()));
        for (var i = 0; i < nodes; i++)
        {
            int a = random.Below(nodes), b = random.Below(nodes);
            if (a != b && !edges.Exists(e => (e.From == a && e.To == b) || (e.From == b && e.To == a))) edges.Add((a, b, Weight()));
        }

        int from = order[0], to = order[random.Between(1, nodes - 1)];
        if (ShortestPath(nodes, edges, from, to, oneWay) is not { Count: > 2 } path) return null;
        random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(edges));
        var arrow = oneWay ? "->" : "-";
        var list = string.Join(", ", edges.Select(e => $"{Letter(e.From)}{arrow}{Letter(e.To)}{(weighted ? $" ({e.Weight})" : "")}"));
        var measure = weighted ? "least total weight" : "fewest edges";
        var text =
            $"A graph has the {(oneWay ? "one-way " : "")}edges {list}. Find a path from {Letter(from)} to {Letter(to)} with the "
            + $"{measure}. Answer as its nodes, for example X-Y-Z.";
        var answer = string.Join('-', path.Select(Letter));
        return new(text, text, answer, $"\\boxed{{{answer}}}", Fields(
            ("edges", edges.Select(e => new[] { e.From, e.To, e.Weight })), ("from", from), ("to", to), ("one-way", oneWay),
            ("length", Length(path, edges, oneWay)!.Value)));

        int Weight() => weighted ? random.Between(1, 9) : 1;
    }

    internal static string Letter(int node) => $"{(char)('A' + node)}";

    /// <summary>The total weight of a path, or null where it uses an edge that is not there.</summary>
    internal static int? Length(IReadOnlyList<int> path, List<(int From, int To, int Weight)> edges, bool oneWay)
    {
        var sum = 0;
        for (var i = 1; i < path.Count; i++)
        {
            var (a, b) = (path[i - 1], path[i]);
            var edge = edges.FindIndex(e => (e.From == a && e.To == b) || (!oneWay && e.From == b && e.To == a));
            if (edge < 0) return null;
            sum += edges[edge].Weight;
        }

        return sum;
    }

    // Bellman-Ford: a handful of nodes needs nothing faster.
    private static List<int>? ShortestPath(int nodes, List<(int From, int To, int Weight)> edges, int from, int to, bool oneWay)
    {
        var best = new (int Length, int Before)[nodes];
        Array.Fill(best, (int.MaxValue, -1));
        best[from] = (0, -1);
        for (var round = 0; round < nodes; round++)
            foreach (var (a, b, weight) in edges)
            {
                Relax(a, b, weight);
                if (!oneWay) Relax(b, a, weight);
            }

        if (best[to].Length == int.MaxValue) return null;
        var path = new List<int>();
        for (var node = to; node >= 0; node = best[node].Before) path.Add(node);
        path.Reverse();
        return path;

        void Relax(int a, int b, int weight)
        {
            if (best[a].Length != int.MaxValue && best[a].Length + weight < best[b].Length) best[b] = (best[a].Length + weight, a);
        }
    }
}
