using System.Text.Json;

namespace Tenon.Rewards.Data;

/// <summary>
/// What a person should know of how a data file is read: the columns that were chosen, values inside columns, conversations, and golds that
/// are lists or worked solutions.
/// </summary>
internal sealed class DataRemarks(string path)
{
    private int _rows;
    private int _conversations;
    private int _systems;
    private int _earlier;
    private int _lists;
    private int _worked;
    private int _firstList;
    private string? _problemInside;
    private string? _goldInside;

    /// <summary>Counts a row by the values of its two columns; null where a row has none or it is not to be looked at.</summary>
    public void Saw(DataRow row, (string? Problem, string? Answer, string? Id) chosen, JsonElement? problem, JsonElement? gold)
    {
        _rows++;
        _problemInside ??= Outer(row, chosen.Problem);
        _goldInside ??= Outer(row, chosen.Answer);
        if (problem is { } asked && ColumnPath.Opened(asked) is var messages && Conversation.Is(messages))
        {
            _conversations++;
            var system = Conversation.IsSystem(messages[0]);
            if (system) _systems++;
            if (messages.GetArrayLength() > (system ? 2 : 1)) _earlier++;
        }

        if (gold is not { } value) return;
        if (GoldColumn.IsSolution(value)) _worked++;
        if (!GoldColumn.IsList(value)) return;
        if (_lists++ == 0) _firstList = row.Number;
    }

    /// <summary>A sentence for each thing that was seen.</summary>
    /// <param name="columns">The columns that were asked for.</param>
    /// <param name="chosen">The columns that were read.</param>
    public IEnumerable<string> Lines(ProblemColumns columns, (string? Problem, string? Answer, string? Id) chosen)
    {
        if (columns.Problem is null && chosen.Problem is { } problem && (problem != "problem" || _problemInside is not null))
            yield return $"{path}: the problems are read from column '{problem}'{Inside(_problemInside)}";
        else if (_problemInside is not null) yield return $"{path}: the problems are read from '{chosen.Problem}'{Inside(_problemInside)}";
        if (columns.HasAnswer && columns.Answer is null && chosen.Answer is { } answer && (answer != "answer" || _goldInside is not null))
            yield return $"{path}: the golds are read from column '{answer}'{Inside(_goldInside)}";
        else if (columns.HasAnswer && _goldInside is not null)
            yield return $"{path}: the golds are read from '{chosen.Answer}'{Inside(_goldInside)}";
        if (_conversations > 0)
            yield return $"{path}: {Share(_conversations)} problems are conversations (column '{chosen.Problem}'): the last user's message "
                + $"is asked{(_systems > 0 ? $"; {_systems} have a system message of their own" : "")}"
                + $"{(_earlier > 0 ? $"; {_earlier} have earlier turns" : "")}";
        if (_lists > 0)
            yield return $"{path}: {Share(_lists)} golds are lists (the first in row {_firstList}): every part is wanted, in any order";
        if (_worked > 0) yield return $"{path}: {Share(_worked)} golds are worked solutions: what stands behind #### counts";
    }

    private string Share(int count) => count == _rows ? $"all {_rows}" : $"{count} of {_rows}";

    private static string Inside(string? outer) => outer is null ? "" : $", a value inside the column '{outer}'";

    private static string? Outer(DataRow row, string? path)
    {
        if (path is null || row.Fields.ContainsKey(path)) return null;
        for (var dot = path.LastIndexOf('.'); dot > 0; dot = path.LastIndexOf('.', dot - 1))
            if (row.Fields.ContainsKey(path[..dot])) return path[..dot];
        return null;
    }
}
