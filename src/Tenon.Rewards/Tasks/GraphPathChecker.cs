using System.Text.Json;
using Tenon.Rewards.Outcome;

namespace Tenon.Rewards.Tasks;

/// <summary>
/// Judges a path: its nodes in the box, from the first to the last that were asked, along edges that exist, as short as the shortest.
/// </summary>
internal sealed class GraphPathChecker : IReward
{
    private static readonly string[] Separators = [@"\rightarrow", @"\to", "->", "→", "-", ","];

    public string Name => "graph-paths";

    public bool IsOutcome => true;

    public Verdict Judge(Problem problem, in Completion completion)
    {
        if (problem.Fields is not { } f || !f.TryGetValue("edges", out var list) || !f.TryGetValue("length", out var length))
            return Verdict.Skip("no-task-data");
        var edges = list.EnumerateArray().Select(e => (e[0].GetInt32(), e[1].GetInt32(), e[2].GetInt32())).ToList();
        return BoxedAnswer.Judge(completion, text => Decide(text, edges, f, length.GetInt32()));
    }

    private static (bool Correct, string Reason) Decide(
        string text, List<(int From, int To, int Weight)> edges, IReadOnlyDictionary<string, JsonElement> fields, int shortest)
    {
        var names = text.Split(Separators, StringSplitOptions.TrimEntries);
        if (names.Any(n => n.Length != 1 || n[0] is < 'A' or > 'Z')) return (false, "no-path");
        var path = names.Select(n => n[0] - 'A').ToList();
        if (path.Count < 2 || path[0] != fields["from"].GetInt32() || path[^1] != fields["to"].GetInt32()) return (false, "other-ends");
        if (GraphPaths.Length(path, edges, fields["one-way"].GetBoolean()) is not { } length) return (false, "no-such-edge");
        return length == shortest ? (true, "shortest-path") : (false, "not-shortest");
    }
}
