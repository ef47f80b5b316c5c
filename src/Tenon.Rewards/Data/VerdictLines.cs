using System.Text.Json;
using Tenon.MathAnswers;

namespace Tenon.Rewards.Data;

/// <summary>The golds, completions and verdicts of a data file, for the audit beside another judge.</summary>
public static class VerdictLines
{
    private static readonly string[] GoldColumns = ["gold", "ground_truth", "target", "label", "answer"];
    private static readonly string[] CompletionColumns = ["completion", "response", "output", "generation", "prediction", "pred", "answer"];

    /// <summary>
    /// One line a row; where a column is not named, the first of the usual names that the row has is taken. Nested columns by a dotted
    /// path.
    /// </summary>
    public static IEnumerable<JudgedLine> Of(string path, string verdictColumn, string? goldColumn = null, string? completionColumn = null)
    {
        foreach (var row in DataTable.Rows(path))
        {
            if (row.Fault is not null)
            {
                yield return new JudgedLine(row.Number, null, null, null);
                continue;
            }

            var gold = goldColumn ?? GoldColumns.FirstOrDefault(c => ColumnPath.Find(row.Fields, c) is not null);
            var completion = completionColumn
                ?? CompletionColumns.FirstOrDefault(c => c != gold && ColumnPath.Find(row.Fields, c) is not null);
            JsonElement? verdict = ColumnPath.Find(row.Fields, verdictColumn) is { ValueKind: not JsonValueKind.Null } value ? value : null;
            var opened = Text(row.Fields, "prompt") is { } prompt ? ThinkBlocks.LeftOpen(prompt) : null;
            yield return new JudgedLine(row.Number, Text(row.Fields, gold), Text(row.Fields, completion), verdict, opened);
        }
    }

    private static string? Text(IReadOnlyDictionary<string, JsonElement> fields, string? column) =>
        column is null ? null : ColumnPath.Find(fields, column) switch
        {
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } value => value.GetRawText(),
            _ => null,
        };
}
