using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tenon.Rewards.Data;

/// <summary>
/// A gold answer as data files write it: a text, a number, a solution that ends in <c>#### 72</c>, or a list of texts, which is one answer
/// of several
/// parts. An object is no answer; the error names the value in it that looks like one.
/// </summary>
internal static partial class GoldColumn
{
    private static readonly string[] S_likely =
        ["ground_truth", "answer", "final_answer", "gold", "target", "label", "value", "solution", "text"];

    /// <summary>The gold as text, and the worked solution that it ended, where it was one.</summary>
    public static (string Gold, string? Solution) Read(JsonElement value, string column, string where, bool any)
    {
        if (any) return (Plain(value, where), null);
        var opened = ColumnPath.Opened(value);
        if (opened.ValueKind == JsonValueKind.Object
            || (value.ValueKind == JsonValueKind.String && PythonObject().IsMatch(Plain(value, where))))
            throw AsObject(opened, column, where);
        if (IsList(value, opened)) return (List(opened, where), null);
        var text = Plain(value, where);
        var marked = Marked().Match(text);
        return marked.Success ? (marked.Groups[1].Value.Trim(), text) : (text, null);
    }

    /// <summary>True for a list of several, or a text that spells a list of texts.</summary>
    public static bool IsList(JsonElement value) =>
        ColumnPath.Opened(value) is var opened && IsList(value, opened) && opened.GetArrayLength() > 1;

    /// <summary>True for a worked solution that ends in <c>#### 72</c>.</summary>
    public static bool IsSolution(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && Marked().IsMatch(Plain(value, ""));

    /// <summary>A text, or what stands there as JSON.</summary>
    public static string Plain(JsonElement value, string where)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Null => throw new TenonException(where, "a text", "null", usage: true),
                _ => value.GetRawText(),
            };
        }
        catch (InvalidOperationException e)
        {
            throw DataTable.BrokenText(where, e);
        }
    }

    private static bool IsList(JsonElement value, JsonElement opened) =>
        opened.ValueKind == JsonValueKind.Array && (value.ValueKind == JsonValueKind.Array || IsTexts(opened));

    private static bool IsTexts(JsonElement list) =>
        list.GetArrayLength() > 0 && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String);

    // A list of one is that one; several stay a JSON list of texts, which the verifier reads as one answer of several parts.
    private static string List(JsonElement list, string where)
    {
        var parts = new List<string>();
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
                throw new TenonException(where, "a text, a number, or a list of texts", $"a list that holds {Noun(item)}",
                    "name the value itself, such as COLUMN.0.text", usage: true);
            parts.Add(Plain(item, where));
        }

        return parts.Count == 1 ? parts[0] : parts.Count == 0 ? "" : JsonSerializer.Serialize(parts, ReadableJson.Line);
    }

    private static TenonException AsObject(JsonElement value, string column, string where)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return new TenonException(where, "a text, a number, or a list of texts", "an object in Python's notation",
                "write nested columns as JSON", usage: true);
        var leaves = ColumnPath.Leaves(value, column).Where(leaf => leaf.Path != column).ToList();
        var likely = S_likely.Select(name => leaves.Find(leaf => leaf.Path.EndsWith("." + name, StringComparison.Ordinal)).Path)
            .FirstOrDefault(path => path is not null)
            ?? (leaves.Count == 1 ? leaves[0].Path : null);
        var names = string.Join(", ", value.EnumerateObject().Select(p => p.Name).Take(12));
        return new TenonException(where, "a text, a number, or a list of texts", names.Length == 0 ? "an empty object"
            : $"an object with {names}",
            likely is not null ? $"name the value in it with answer-column: {likely}"
            : leaves.Count > 0 ? $"name one of its values with answer-column: {string.Join(", ", leaves.Select(leaf => leaf.Path).Take(6))}"
            : null, usage: true);
    }

    private static string Noun(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "objects",
        JsonValueKind.Array => "lists",
        JsonValueKind.Null => "null",
        _ => value.GetRawText(),
    };

    // GSM8K: the answer's last line, behind the worked solution.
    [GeneratedRegex(@"(?:^|\n)[ \t]*####[ \t]*([^\n]+?)\s*\z")]
    private static partial Regex Marked();

    [GeneratedRegex(@"\A\s*\{\s*'[^']*'\s*:")]
    private static partial Regex PythonObject();
}
