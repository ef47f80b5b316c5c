using System.Text;
using System.Text.Json;

namespace Tenon.Rewards.Data;

/// <summary>
/// Problems read from a data file (<see cref="DataTable"/>): the question or the conversation that ends in it, the gold, the id, the worked
/// solution.
/// Every column, also those that are not used, is in <see cref="Problem.Fields"/>.
/// </summary>
public sealed class ProblemFile
{
    private const int ColumnsShown = 12;

    private ProblemFile(IReadOnlyList<Problem> problems, IReadOnlyList<string> duplicates, IReadOnlyList<string> notices) =>
        (Problems, DuplicateIds, Notices) = (problems, duplicates, notices);

    /// <summary>The problems in the order of the file.</summary>
    public IReadOnlyList<Problem> Problems { get; }

    /// <summary>
    /// Ids that stand on more than one line; the later ones got <c>#2</c>, <c>#3</c> ... so that every <see cref="Problem.Id"/> is unique.
    /// </summary>
    public IReadOnlyList<string> DuplicateIds { get; }

    /// <summary>
    /// What a person should know of the reading: columns that were chosen for other names than the usual first, ids that stand twice.
    /// </summary>
    public IReadOnlyList<string> Notices { get; }

    /// <summary>Reads the whole file; a <see cref="TenonException"/> names the file, line and column of the first fault.</summary>
    public static ProblemFile Read(string path, ProblemColumns? columns = null) =>
        Of(DataTable.Rows(path), path, columns ?? new ProblemColumns());

    internal static ProblemFile Parse(string text, string path, ProblemColumns columns) =>
        Of(DataTable.Text(path, new MemoryStream(Encoding.UTF8.GetBytes(text))), path, columns);

    /// <summary>
    /// The columns that a row's problem is read from: those named, else the first of the usual names that it has. All null where it has
    /// none.
    /// </summary>
    public static (string? Problem, string? Answer, string? Id) Chosen(IReadOnlyDictionary<string, JsonElement> row, ProblemColumns columns)
    {
        string? First(string? named, string? before, IReadOnlyList<string> usual)
        {
            if (named is not null) return named;
            var there = usual.Prepend(before).OfType<string>().Where(name => ColumnPath.Find(row, name) is not null).ToList();
            return there.Find(name => ColumnPath.Find(row, name) is { ValueKind: not JsonValueKind.Null }) ?? there.FirstOrDefault();
        }

        var answer = columns.HasAnswer ? First(columns.Answer, columns.Before?.Answer, ProblemColumns.AnswerNames) : null;
        return (First(columns.Problem, columns.Before?.Problem, ProblemColumns.ProblemNames), answer,
            First(columns.Id, columns.Before?.Id, ProblemColumns.IdNames));
    }

    private static ProblemFile Of(IEnumerable<DataRow> rows, string path, ProblemColumns columns)
    {
        var problems = new List<Problem>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var duplicates = new SortedSet<string>(StringComparer.Ordinal);
        (string? Problem, string? Answer, string? Id)? chosen = null;
        var remarks = new DataRemarks(path);
        foreach (var row in rows)
        {
            chosen ??= Chosen(row.Fields, columns);
            var problem = Read(row, chosen.Value, columns);
            remarks.Saw(row, chosen.Value, Find(row, chosen.Value.Problem), columns.AnyGold ? null : Find(row, chosen.Value.Answer));
            var id = problem.Id;
            for (var copy = 2; !seen.Add(id); copy++) id = $"{problem.Id}#{copy}";
            if (id != problem.Id) duplicates.Add(problem.Id);
            problems.Add(problem with { Id = id });
        }

        if (problems.Count == 0)
        {
            var isTable = new FileInfo(path) is { Exists: true, Length: > 0 } && DataTable.IsTable(path);
            throw new TenonException($"Data file {path}", "one JSON object a line, or a table with rows",
                isTable ? "no line at all below the names of its columns" : "no line at all",
                $"the {(isTable ? "table" : "file")} is empty: check the path and how it was written", usage: true);
        }

        return new ProblemFile(problems, [.. duplicates], [.. remarks.Lines(columns, chosen!.Value), .. Twice(path, duplicates)]);
    }

    private static JsonElement? Find(DataRow row, string? column) => column is null ? null : ColumnPath.Find(row.Fields, column);

    private static IEnumerable<string> Twice(string path, SortedSet<string> twice)
    {
        if (twice.Count > 0)
            yield return $"{path}: {twice.Count} ids stand on more than one line "
                + $"({string.Join(", ", twice.Take(3))}{(twice.Count > 3 ? " ..." : "")}); "
                + "the later ones are called ID#2, ID#3 ...";
    }

    private static Problem Read(DataRow row, (string? Problem, string? Answer, string? Id) chosen, ProblemColumns columns)
    {
        var fields = row.Fields;
        var problem = Value(row, chosen.Problem, "problem", "problem-column");
        var where = $"{row.Where}: column '{chosen.Problem}'";
        var conversation = Question(problem, where, chosen.Problem!);
        var (answer, worked) = columns.HasAnswer
            ? GoldColumn.Read(Value(row, chosen.Answer, "answer", "answer-column"), chosen.Answer!,
            $"{row.Where}: column '{chosen.Answer}'", columns.AnyGold)
            : ("", null);
        var id = chosen.Id is not null && (columns.Id is not null || ColumnPath.Find(fields, chosen.Id) is not null)
            ? GoldColumn.Plain(Value(row, chosen.Id, "id", "id-column"), $"{row.Where}: column '{chosen.Id}'") : $"line-{row.Number}";
        var solution = ColumnPath.Find(fields, columns.Solution) is { ValueKind: JsonValueKind.String } s
            ? GoldColumn.Plain(s, $"{row.Where}: column '{columns.Solution}'") : worked;
        return new Problem(id, conversation.Question, answer, fields)
        {
            Solution = solution, System = conversation.System,
            Earlier = conversation.Earlier
        };
    }

    private static Conversation Question(JsonElement value, string where, string column)
    {
        var opened = ColumnPath.Opened(value);
        if (Conversation.Is(opened)) return Conversation.Read(opened, where);
        if (value.ValueKind is JsonValueKind.Array or JsonValueKind.Object)
        {
            var texts = ColumnPath.Leaves(value, column).Where(leaf => leaf.Path != column && leaf.Value.ValueKind == JsonValueKind.String)
                .Select(leaf => leaf.Path).Take(6).ToList();
            throw new TenonException(where, "a text, or a list of messages with role and content", DataTable.Shown(value.GetRawText()),
                texts.Count == 0 ? null : $"name the value in it with problem-column: {string.Join(", ", texts)}", usage: true);
        }

        var text = GoldColumn.Plain(value, where);
        if (string.IsNullOrWhiteSpace(text)) throw new TenonException(where, "a question", "an empty text", usage: true);
        if (text.StartsWith("[{'", StringComparison.Ordinal) || text.StartsWith("array([{'", StringComparison.Ordinal))
            throw new TenonException(where, "a text, or a list of messages as JSON", DataTable.Shown(text),
                "messages in Python's notation: write the column as JSON, or the file as JSON lines or Parquet", usage: true);
        return new Conversation(null, [], text);
    }

    private static JsonElement Value(DataRow row, string? column, string usual, string key)
    {
        if (column is not null && ColumnPath.Find(row.Fields, column) is { } value) return value;
        var near = Nearest.Of(column ?? usual, ColumnPath.All(row.Fields));
        throw new TenonException($"{row.Where} has no column '{column ?? usual}'", $"'{column ?? usual}' ({key})",
            string.Join(", ", row.Fields.Keys.Take(ColumnsShown)),
            near is null ? $"name the column with {key}" : $"name the column with {key}: {near}", usage: true);
    }
}
