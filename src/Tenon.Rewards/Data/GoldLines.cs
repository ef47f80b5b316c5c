using System.Text.Json;
using Tenon.MathAnswers;

namespace Tenon.Rewards.Data;

/// <summary>The golds of a data file as they stand, for the audit: broken rows are findings, not the end.</summary>
public static class GoldLines
{
    /// <summary>
    /// One gold a row; <paramref name="answerColumn"/> is null for the first of the usual names that the first row has. What a person
    /// should know of the reading goes to <paramref name="remarks"/> once all rows are read.
    /// </summary>
    public static IEnumerable<GoldLine> Of(string path, string? answerColumn, List<string>? remarks = null)
    {
        var columns = new ProblemColumns { Answer = answerColumn };
        var seen = new DataRemarks(path);
        (string? Problem, string? Answer, string? Id)? chosen = null;
        foreach (var row in DataTable.Rows(path))
        {
            if (row.Fault is { } fault)
            {
                yield return new GoldLine(row.Number, null, null, fault.Message.Split('\n')[0]);
                continue;
            }

            chosen ??= ProblemFile.Chosen(row.Fields, columns);
            yield return Line(row, chosen.Value, seen);
        }

        if (chosen is { } read) remarks?.AddRange(seen.Lines(columns, read));
    }

    private static GoldLine Line(DataRow row, (string? Problem, string? Answer, string? Id) chosen, DataRemarks seen)
    {
        try
        {
            JsonElement? gold = chosen.Answer is { } name
                && ColumnPath.Find(row.Fields, name) is { ValueKind: not JsonValueKind.Null } value ? value : null;
            var problem = chosen.Problem is { } question ? ColumnPath.Find(row.Fields, question) : null;
            seen.Saw(row, chosen, problem, gold);
            return new GoldLine(row.Number, gold, problem is { } asked ? Text(asked) : null);
        }
        catch (TenonException e)
        {
            return new GoldLine(row.Number, null, null, e.Message.Split('\n')[0]);
        }
    }

    // Conversations are the same problem where they are the same to the letter.
    private static string? Text(JsonElement problem) => problem.ValueKind switch
    {
        JsonValueKind.String => GoldColumn.Plain(problem, ""),
        JsonValueKind.Array when Conversation.Is(problem) => problem.GetRawText(),
        _ => null,
    };
}
