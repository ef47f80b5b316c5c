using System.Text;
using System.Text.Json;

namespace Tenon.Rewards.Data;

/// <summary>The columns of a data file that a problem is made of.</summary>
public sealed record ProblemColumns
{
    /// <summary>The column of the question.</summary>
    public string Problem { get; init; } = "problem";

    /// <summary>The column of the gold answer; null where the reward needs none (every answer is then empty).</summary>
    public string? Answer { get; init; } = "answer";

    /// <summary>The column of the id; a line without it is named <c>line-N</c>.</summary>
    public string Id { get; init; } = "id";

    /// <summary>The column of the worked solution, used where a line has it.</summary>
    public string Solution { get; init; } = "solution";
}

/// <summary>
/// Problems read from a JSONL file: one JSON object a line, UTF-8, blank lines passed over. Text columns may hold strings, numbers or booleans
/// (taken as written); an answer may also be a list or an object, kept as JSON. Every column, these too, is in <see cref="Problem.Fields"/>.
/// </summary>
public sealed class ProblemFile
{
    private const int ColumnsShown = 12;

    private ProblemFile(IReadOnlyList<Problem> problems, IReadOnlyList<string> duplicates) => (Problems, DuplicateIds) = (problems, duplicates);

    /// <summary>The problems in the order of the file.</summary>
    public IReadOnlyList<Problem> Problems { get; }

    /// <summary>Ids that stand on more than one line; the later ones got <c>#2</c>, <c>#3</c> ... so that every <see cref="Problem.Id"/> is unique.</summary>
    public IReadOnlyList<string> DuplicateIds { get; }

    /// <summary>Reads the whole file; a <see cref="TenonException"/> names the file and line of the first fault.</summary>
    public static ProblemFile Read(string path, ProblemColumns? columns = null)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TenonException($"Data file {path}", "a file that exists", hint: "paths are taken from the current folder", inner: e, usage: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TenonException($"Data file {path}: {e.Message}", inner: e, usage: true);
        }
        catch (DecoderFallbackException e)
        {
            throw new TenonException($"Data file {path}, byte {e.Index}", "UTF-8 text", "bytes that are no UTF-8", "convert the file to UTF-8", e, usage: true);
        }

        return Parse(text, path, columns ?? new ProblemColumns());
    }

    internal static ProblemFile Parse(string text, string path, ProblemColumns columns)
    {
        var problems = new List<Problem>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var duplicates = new SortedSet<string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var range in text.AsSpan().TrimStart('\uFEFF').Split('\n'))
        {
            number++;
            var line = text.AsSpan().TrimStart('\uFEFF')[range].Trim();
            if (line.IsEmpty) continue;
            var problem = ParseLine(line.ToString(), $"Data file {path}, line {number}", number, columns);
            var id = problem.Id;
            for (var copy = 2; !seen.Add(id); copy++) id = $"{problem.Id}#{copy}";
            if (id != problem.Id) duplicates.Add(problem.Id);
            problems.Add(problem with { Id = id });
        }

        if (problems.Count == 0)
            throw new TenonException($"Data file {path}", "one JSON object a line", "no line at all", "the file is empty: check the path and how it was written", usage: true);
        return new ProblemFile(problems, [.. duplicates]);
    }

    private static Problem ParseLine(string line, string where, int number, ProblemColumns columns)
    {
        Dictionary<string, JsonElement> fields;
        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new TenonException(where, "a JSON object", Shown(line), "every line is an object such as {\"problem\": \"...\", \"answer\": \"...\"}", usage: true);
            fields = [];
            foreach (var property in document.RootElement.EnumerateObject()) fields[property.Name] = property.Value.Clone();
        }
        catch (JsonException e)
        {
            throw new TenonException($"{where} is no JSON", "a JSON object on one line", Shown(line), $"column {e.BytePositionInLine + 1}: {Reason(e)}", e, usage: true);
        }
        catch (InvalidOperationException e)
        {
            throw BrokenText(where, e);
        }

        var text = Text(fields, columns.Problem, where, "problem-column");
        if (string.IsNullOrWhiteSpace(text)) throw new TenonException($"{where}: column '{columns.Problem}'", "a question", "an empty text", usage: true);
        var answer = columns.Answer is null ? "" : Text(fields, columns.Answer, where, "answer-column");
        var id = fields.ContainsKey(columns.Id) ? Text(fields, columns.Id, where, "id-column") : $"line-{number}";
        var solution = fields.TryGetValue(columns.Solution, out var s) && s.ValueKind == JsonValueKind.String ? Text(fields, columns.Solution, where, "solution-column") : null;
        return new Problem(id, text, answer, fields) { Solution = solution };
    }

    private static string Text(Dictionary<string, JsonElement> fields, string column, string where, string key)
    {
        if (!fields.TryGetValue(column, out var value))
        {
            var near = Nearest.Of(column, fields.Keys);
            throw new TenonException($"{where} has no column '{column}'", $"'{column}' ({key})", string.Join(", ", fields.Keys.Take(ColumnsShown)),
                near is null ? $"name the column with {key}" : $"name the column with {key}: {near}", usage: true);
        }

        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Null => throw new TenonException($"{where}: column '{column}'", "a text", "null", usage: true),
                _ => value.GetRawText(),
            };
        }
        catch (InvalidOperationException e)
        {
            throw BrokenText($"{where}, column '{column}'", e);
        }
    }

    // Half of a surrogate pair (\ud800 alone) is JSON and yet no text.
    private static TenonException BrokenText(string where, Exception inner) =>
        new(where, "text", "half of a surrogate pair", "the file was cut inside a character when it was written", inner, usage: true);

    private static string Shown(string line) => line.Length <= 60 ? line : line[..60] + "...";

    private static string Reason(JsonException e) => e.Message.Split(" LineNumber", 2)[0];
}
