using System.Text.Json;
using Tenon.MathAnswers;
using Tenon.Rewards.Data;

namespace Tenon.Evaluation.Comparisons;

/// <summary>A sample of another tool: what was answered, to what gold, and what that tool made of it.</summary>
/// <param name="Problem">The problem's id.</param>
/// <param name="Sample">Its number among the problem's samples, from 0.</param>
/// <param name="Text">The completion.</param>
/// <param name="Gold">The right answer; null where neither the sample nor a data file has it.</param>
/// <param name="Score">The tool's own score; null where it gives none.</param>
public sealed record ImportedSample(string Problem, int Sample, string Text, string? Gold, double? Score)
{
    /// <summary>The tag of the think block that the prompt left open, where the file has the prompt as the model read it.</summary>
    public string? OpenedBlock { get; init; }
}

/// <summary>
/// Reads the sample files of other tools (JSON lines or Parquet, as they write them):
/// <c>lm-eval</c> (samples_TASK.jsonl of lm-evaluation-harness with --log_samples), <c>lighteval</c> (its details files), <c>vllm</c>
/// (answers of
/// run-batch, or lines with prompt and outputs).
/// </summary>
public static class SampleImport
{
    /// <summary>The formats by name.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["vllm", "lighteval", "lm-eval"];

    private static readonly string[] S_scores = ["math_verify", "exact_match", "extractive_match", "acc", "score"];

    /// <summary>
    /// The samples of a file; <paramref name="golds"/> gives golds by problem id where the file has none. A filter of lm-eval picks its
    /// lines.
    /// </summary>
    public static IReadOnlyList<ImportedSample> Read(string path, string format, IReadOnlyDictionary<string, string> golds, string? filter =
        null)
    {
        var result = new List<ImportedSample>();
        var count = 0;
        foreach (var row in DataTable.Rows(path))
        {
            var samples = format switch
            {
                "lm-eval" => LmEval(row, filter),
                "lighteval" => LightEval(row, count),
                "vllm" => Vllm(row, count),
                _ => throw new TenonException("--from", string.Join(", ", Formats), format, usage: true),
            };
            count++;
            var opened = Prompt(row.Fields) is { } prompt ? ThinkBlocks.LeftOpen(prompt) : null;
            result.AddRange(samples.Select(s => s with { Gold = s.Gold ?? golds.GetValueOrDefault(s.Problem), OpenedBlock = opened }));
        }

        if (result.Count == 0)
            throw new TenonException($"{path} as {format}", "samples", filter is null ? "none" : $"none of filter {filter}", usage: true);
        return result;
    }

    /// <summary>Golds by id of a data file, its problems' order numbers among the ids.</summary>
    public static IReadOnlyDictionary<string, string> Golds(string path)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (problem, i) in ProblemFile.Read(path).Problems.Select((p, i) => (p, i)))
        {
            result.TryAdd(problem.Id, problem.Answer);
            result.TryAdd(i.ToString(System.Globalization.CultureInfo.InvariantCulture), problem.Answer);
        }

        return result;
    }

    // vLLM's prompt, lighteval's input, the first argument of lm-eval's request: the text that the model read. Messages do not say what
    // their template makes of them.
    private static string? Prompt(Dictionary<string, JsonElement> fields) =>
        Strings(Field(fields, "prompt") ?? Inner(Field(fields, "model_response") ?? default, "input") ?? default)
        .Concat(Field(fields, "arguments") is { } arguments ? FirstText(arguments) : []).FirstOrDefault();

    private static IEnumerable<string> FirstText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(FirstText),
        JsonValueKind.Object => value.EnumerateObject().SelectMany(p => FirstText(p.Value)),
        _ => [],
    };

    private static IEnumerable<ImportedSample> LmEval(DataRow row, string? filter)
    {
        var fields = row.Fields;
        if (filter is not null && Text(fields, "filter") is { } name && name != filter) return [];
        var id = Text(fields, "doc_id") ?? throw Missing(row, "doc_id");
        var texts = Strings(Field(fields, "resps") ?? throw Missing(row, "resps")).ToList();
        var named = Field(fields, "metrics") is { ValueKind: JsonValueKind.Array } metrics
            ? metrics.EnumerateArray().Select(m => m.ToString()) : [];
        var score = named.Concat(S_scores).Select(m => Number(Field(fields, m))).FirstOrDefault(s => s is not null);
        var gold = Field(fields, "doc") is { ValueKind: JsonValueKind.Object } doc && doc.TryGetProperty("answer", out var answer)
            && answer.ValueKind == JsonValueKind.String
            ? answer.GetString()
            : Text(fields, "target");
        return texts.Select((text, j) => new ImportedSample(id, j, text, Final(gold), score));
    }

    private static IEnumerable<ImportedSample> LightEval(DataRow row, int number)
    {
        var fields = row.Fields;
        var doc = Field(fields, "doc") ?? default;
        var id = Inner(doc, "id") is { ValueKind: JsonValueKind.String } word && word.GetString()!.Length > 0 ? word.GetString()!
            : Text(fields, "doc_id") ?? $"{number}";
        var gold = Inner(doc, "choices") is { ValueKind: JsonValueKind.Array } choices ? Choice(choices, Inner(doc, "gold_index"))
            : Text(fields, "gold");
        var texts = Inner(Field(fields, "model_response") ?? default, "text") ?? Field(fields, "predictions")
            ?? throw Missing(row, "model_response.text or predictions");
        var metric = Field(fields, "metric") ?? Field(fields, "metrics") ?? default;
        var score = metric.ValueKind == JsonValueKind.Object
            ? metric.EnumerateObject().Select(m => Number(m.Value)).FirstOrDefault(s => s is not null) : null;
        return Strings(texts).Select((text, j) => new ImportedSample(id, j, text, Final(gold), score));
    }

    private static IEnumerable<ImportedSample> Vllm(DataRow row, int number)
    {
        var fields = row.Fields;
        var id = Text(fields, "custom_id") ?? Text(fields, "id") ?? Text(fields, "request_id") ?? $"{number}";
        var gold = Text(fields, "gold") ?? Text(fields, "answer");
        if (Inner(Inner(Field(fields, "response") ?? default, "body") ?? default, "choices") is { ValueKind: JsonValueKind.Array } choices)
        {
            return choices.EnumerateArray().Select((c, j) => new ImportedSample(
                id, j, (Inner(Inner(c, "message") ?? default, "content") ?? Inner(c, "text"))?.ToString() ?? "", Final(gold), null));
        }

        var outputs = Field(fields, "outputs") ?? Field(fields, "generated_text") ?? Field(fields, "completion")
            ?? throw Missing(row, "response.body.choices or outputs");
        return Strings(outputs).Select((text, j) => new ImportedSample(id, j, text, Final(gold), Number(Field(fields, "score"))));
    }

    /// <summary>What GSM8K's worked answers end in.</summary>
    private static string? Final(string? gold)
    {
        var mark = gold?.LastIndexOf("####", StringComparison.Ordinal) ?? -1;
        return mark < 0 ? gold : gold![(mark + 4)..].Trim();
    }

    private static string? Choice(JsonElement choices, JsonElement? index)
    {
        var first = index is { ValueKind: JsonValueKind.Array } many && many.GetArrayLength() > 0 ? many[0] : index;
        var place = first is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : 0;
        return place >= 0 && place < choices.GetArrayLength() ? choices[place].ToString() : null;
    }

    /// <summary>All texts of a nested array, a single text, or the text fields of objects in one.</summary>
    private static IEnumerable<string> Strings(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Strings),
        JsonValueKind.Object when value.TryGetProperty("text", out var text) => [text.ToString()],
        _ => [],
    };

    private static JsonElement? Field(Dictionary<string, JsonElement> fields, string name) =>
        fields.TryGetValue(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    private static JsonElement? Inner(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var inner) && inner.ValueKind != JsonValueKind.Null
        ? inner : null;

    private static string? Text(Dictionary<string, JsonElement> fields, string name) => Field(fields, name)?.ToString();

    private static double? Number(JsonElement? value) => value?.ValueKind switch
    {
        JsonValueKind.Number => value.Value.GetDouble(),
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        _ => null,
    };

    private static TenonException Missing(DataRow row, string what) =>
        new(row.Where, what, "none", "is --from the tool that wrote the file?", usage: true);
}
