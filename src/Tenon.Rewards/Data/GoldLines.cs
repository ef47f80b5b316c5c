using System.Text.Json;
using Tenon.MathAnswers;

namespace Tenon.Rewards.Data;

/// <summary>The golds of a data file as they stand, for the audit: broken rows are findings, not the end.</summary>
public static class GoldLines
{
    /// <summary>One gold a row; <paramref name="answerColumn"/> is null for the first of the usual names that the first row has.</summary>
    public static IEnumerable<GoldLine> Of(string path, string? answerColumn)
    {
        var columns = new ProblemColumns { Answer = answerColumn };
        (string? Problem, string? Answer, string? Id)? chosen = null;
        foreach (var row in DataTable.Rows(path))
        {
            if (row.Fault is { } fault)
            {
                yield return new GoldLine(row.Number, null, null, fault.Message.Split('\n')[0]);
                continue;
            }

            chosen ??= ProblemFile.Chosen(row.Fields, columns);
            JsonElement? gold = chosen.Value.Answer is { } name
                && ColumnPath.Find(row.Fields, name) is { ValueKind: not JsonValueKind.Null } value ? value : null;
            var problem = chosen.Value.Problem is { } question
                && ColumnPath.Find(row.Fields, question) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
            yield return new GoldLine(row.Number, gold, problem);
        }
    }
}
