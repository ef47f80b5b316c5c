using System.Text.Json;
using Tenon.Rewards.Data;

namespace Tenon.Evaluation.Comparisons;

/// <summary>What the rows of other tools' sample files hold, tool by tool.</summary>
internal static class SampleShapes
{
    private static readonly string[] S_scores = ["math_verify", "exact_match", "extractive_match", "acc", "score"];
    private static readonly string[] S_outputs =
        ["outputs", "generated_text", "completion", "completions", "response", "responses", "output", "generation"];

    /// <summary>Which tool wrote a row; null where it is none of those known.</summary>
    public static string? ToolOf(DataRow row)
    {
        if (row.Fault is not null) return null;
        var fields = row.Fields;
        if (fields.First("resps") is not null && fields.First("doc_id") is not null) return "lm-eval";
        if (fields.First("model_response", "__model_response__") is not null) return "lighteval";
        if (fields.First("predictions") is not null && fields.First("doc", "gold", "metrics", "full_prompt") is not null)
            return "lighteval";
        return fields.First("problem") is not null && fields.First("score") is not null ? null
            : Failed(fields) || fields.First(S_outputs) is not null || IsAnswer(fields.First("choices"))
                || fields.First("code") is not null && fields.First("gt") is not null ? "vllm" : null;
    }

    /// <summary>A line of lm-evaluation-harness's <c>samples_TASK.jsonl</c>.</summary>
    public static IEnumerable<ImportedSample> LmEval(DataRow row)
    {
        var fields = row.Fields;
        var id = fields.FirstText("doc_id") ?? throw Missing(row, "doc_id");
        var responses = fields.FirstValue("resps") ?? throw Missing(row, "resps");
        if (IsLikelihood(responses))
            throw new TenonException(row.Where, "a generated text in resps", "log-likelihoods of given choices",
                "tasks of output type generate_until have texts to judge", usage: true);
        var texts = ((JsonElement?)responses).Strings().ToList();
        var named = fields.First("metrics") is { ValueKind: JsonValueKind.Array } metrics
            ? metrics.EnumerateArray().Select(m => m.ToString()) : [];
        var score = named.Concat(S_scores).Select(m => fields.First(m).Number()).FirstOrDefault(s => s is not null);
        var gold = fields.FirstValue("doc").Inner("answer") is { ValueKind: JsonValueKind.String } answer ? answer.GetString()
            : OneOf(fields.FirstValue("target"));
        return texts.Select((text, j) => new ImportedSample(id, j, text, gold, score) { SharedScore = texts.Count > 1 });
    }

    /// <summary>
    /// A row of lighteval's details: document, metrics and answer of a model as structures (versions from 0.10), or columns of their own;
    /// either as nested columns or as the texts that Python prints of them.
    /// </summary>
    public static IEnumerable<ImportedSample> LightEval(DataRow row, int number)
    {
        var fields = row.Fields;
        var doc = fields.FirstValue("doc", "__doc__");
        var id = doc.Inner("id")?.ToString() is { Length: > 0 } word ? word : fields.FirstText("doc_id") ?? $"{number}";
        var gold = doc.Inner("choices") is { ValueKind: JsonValueKind.Array } choices ? Choice(choices, doc.Inner("gold_index"))
            : fields.FirstValue("gold").Strings().FirstOrDefault() ?? fields.FirstText("gold");
        var texts = (fields.FirstValue("model_response", "__model_response__").Inner("text") ?? fields.FirstValue("predictions"))
            .Strings().ToList();
        if (texts.Count == 0) throw Missing(row, "model_response.text or predictions");
        var score = fields.FirstValue("metric", "metrics", "__metric__") is { ValueKind: JsonValueKind.Object } metric
            ? metric.EnumerateObject().OrderBy(m => OfMean(m.Name)).Select(m => ((JsonElement?)m.Value).Number())
                .FirstOrDefault(s => s is not null) : null;
        return texts.Select((text, j) => new ImportedSample(id, j, text, gold, score) { SharedScore = texts.Count > 1 });
    }

    /// <summary>A line of vLLM's or OpenAI's batch answers, of <c>generate</c>'s outputs, or a plain record with one answer.</summary>
    public static IEnumerable<ImportedSample> Vllm(DataRow row, int number)
    {
        var fields = row.Fields;
        var id = fields.FirstText("custom_id", "question_id", "problem_id", "id", "request_id", "idx") ?? $"{number}";
        var gold = OneOf(fields.First("gold", "answer", "label", "ground_truth", "target", "gt"));
        var verdicts = fields.First("score", "pass", "correct", "is_correct");
        var texts = Body(fields)?.ToList()
            ?? (fields.FirstValue([.. S_outputs, "code"]) ?? throw Missing(row, "response.body.choices or outputs")).Of().Strings()
                .ToList();

        // A verdict for each text, or one for all of them.
        double?[] each = verdicts is { ValueKind: JsonValueKind.Array } list
            ? [.. list.EnumerateArray().Select(v => ((JsonElement?)v).Number())] : [];
        return texts.Select((text, j) => each.Length == texts.Count ? new ImportedSample(id, j, text, gold, each[j])
            : new ImportedSample(id, j, text, gold, verdicts.Number()) { SharedScore = texts.Count > 1 });
    }

    /// <summary>Whether a batch's line says that its request failed.</summary>
    public static bool Failed(Dictionary<string, JsonElement> fields) =>
        fields.First("custom_id") is not null
        && (fields.First("error") is { } error && error.ValueKind != JsonValueKind.False && error.ToString().Length > 0
            || fields.First("response").Inner("status_code").Number() is { } code && code is < 200 or > 299);

    /// <summary>The text that the model read, of any tool. Messages do not say what their template makes of them.</summary>
    public static string? Prompt(Dictionary<string, JsonElement> fields) =>
        fields.First("prompt", "full_prompt").Strings()
        .Concat(fields.FirstValue("model_response", "__model_response__").Inner("input").Strings())
        .Concat(fields.First("arguments").AllStrings()).FirstOrDefault();

    private static JsonElement? Of(this JsonElement value) => value;

    // Of several golds that count alike the first.
    private static string? OneOf(JsonElement? gold) => gold is { ValueKind: JsonValueKind.Array } many
        ? many.GetArrayLength() == 0 ? null : many[0].ToString() : gold?.ToString();

    // A chat's or a completion's own choices, not those of a question.
    private static bool IsAnswer(JsonElement? choices) => choices is { ValueKind: JsonValueKind.Array } many && many.GetArrayLength() > 0
        && ((JsonElement?)many[0] is var first) && (first.Inner("message") ?? first.Inner("text")) is not null;

    // Choices of completions and of chats, an empty text where a thinking model came to no answer; items of the newer responses.
    private static IEnumerable<string>? Body(Dictionary<string, JsonElement> fields)
    {
        var response = fields.First("response");
        var body = response.Inner("body") ?? (fields.First("choices") is { } bare ? JsonSerializer.SerializeToElement(
            new Dictionary<string, JsonElement> { ["choices"] = bare }) : response);
        if (body.Inner("choices") is { ValueKind: JsonValueKind.Array } choices)
            return choices.EnumerateArray().Select(c => (JsonElement?)c).Select(c =>
                string.Concat((c.Inner("message").Inner("content") ?? c.Inner("text")).Strings()));
        return body.Inner("output") is { ValueKind: JsonValueKind.Array } items
            ? [string.Concat(items.EnumerateArray().Select(i => (JsonElement?)i).Where(i => i.Inner("type")?.ToString() == "message")
                .SelectMany(i => i.Inner("content").Strings()))] : null;
    }

    // A mean over samples says most of them, a metric that takes the best of several least.
    private static int OfMean(string metric) =>
        metric.Contains("avg", StringComparison.OrdinalIgnoreCase) ? 0
        : metric.StartsWith("maj", StringComparison.Ordinal) || metric.Contains("pass", StringComparison.OrdinalIgnoreCase) ? 2 : 1;

    // [[["-1.5", "False"]], ...]: a pair for each choice, three deep.
    private static bool IsLikelihood(JsonElement responses) =>
        responses.ValueKind == JsonValueKind.Array
        && responses.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Array } first
        && first.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Array } pair && pair.GetArrayLength() == 2
        && pair[1].ToString() is "True" or "False";

    private static string? Choice(JsonElement choices, JsonElement? index)
    {
        var first = index is { ValueKind: JsonValueKind.Array } many && many.GetArrayLength() > 0 ? many[0] : index;
        var place = first is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : 0;
        return place >= 0 && place < choices.GetArrayLength() ? choices[place].ToString() : null;
    }

    private static TenonException Missing(DataRow row, string what) =>
        new(row.Where, what, "none", "is --from the tool that wrote the file?", usage: true);
}
