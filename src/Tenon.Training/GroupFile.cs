using System.Text.Json.Nodes;
using Tenon.Rollouts;

namespace Tenon.Training;

/// <summary>
/// Whole groups in a checkpoint, one a line of a file of their own: what is carried over and what may be replayed, a group that is both
/// once. The trainer's state holds their line numbers. So it stays small, and no text is ever longer than one group.
/// </summary>
internal static class GroupFile
{
    private const string Name = "groups.jsonl";

    /// <summary>Writes the groups of some lists; gives the line numbers of each list. Without groups there is no file.</summary>
    public static JsonArray[] Write(string folder, params IReadOnlyList<RolloutGroup>[] lists)
    {
        var lines = new Dictionary<(int Step, int Draw), int>();
        var all = lists.SelectMany(groups => groups).Where(group => lines.TryAdd((group.Step, group.Draw), lines.Count)).ToList();
        if (all.Count > 0)
            WriteLines(Path.Combine(folder, Name), all);
        return [.. lists.Select(groups => new JsonArray([.. groups.Select(group => (JsonNode)lines[(group.Step, group.Draw)])]))];
    }

    // Line by line: one text of all groups would be a large object of the heap, which only a full collection takes away.
    private static void WriteLines(string path, List<RolloutGroup> groups)
    {
        using var writer = new StreamWriter(path) { NewLine = "\n" };
        foreach (var group in groups) writer.WriteLine(GroupJson.WholeLine(group));
    }

    /// <summary>The groups of the lists that <see cref="Write"/> gave; a list may also hold the groups themselves.</summary>
    public static IReadOnlyList<RolloutGroup>[] Read(string folder, params JsonNode?[] lists)
    {
        var path = Path.Combine(folder, Name);
        List<RolloutGroup> all = File.Exists(path) ? [.. SharedFile.ReadLines(path).Select(GroupJson.ReadWholeLine)] : [];
        return [.. lists.Select(list => list is JsonArray { Count: > 0 } numbers && numbers[0] is JsonValue
            ? [.. numbers.Select(number => all[(int)number!])] : GroupJson.Read(list))];
    }
}
