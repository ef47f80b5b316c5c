using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Tenon.MathAnswers;

/// <summary>
/// The exchange format of the verifier: a JSON object in, a JSON line of ASCII out. In: <c>gold</c> or <c>golds</c>, <c>answer</c>, and
/// where wanted
/// <c>tolerance</c>, <c>unit</c>, <c>require</c> ("value"), <c>profile</c>, <c>thinking</c> (true: the
/// prompt left a think block open), <c>prompt</c> (its text, which says so itself), <c>id</c> (comes back unchanged). Out: <c>correct</c>,
/// <c>reason</c>, <c>rules</c>, and the
/// extracted text with both readings where it explains. A faulty line answers <c>{"error":{...}}</c>. Immutable and thread-safe.
/// </summary>
public sealed class VerifyLines(RuleProfile? profile = null, bool explain = false, VerifyOptions? defaults = null)
{
    private readonly MathVerifier _verifier = new(profile);

    /// <summary>Answers one line; never throws.</summary>
    public string Answer(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return Answer(document.RootElement);
        }
        catch (JsonException e)
        {
            return VerifierJson.Error("json", JsonFault.Describe(e, line));
        }
    }

    /// <summary>Answers one JSON object; never throws.</summary>
    public string Answer(JsonElement line)
    {
        if (line.ValueKind != JsonValueKind.Object) return VerifierJson.Error("line", "expected an object with gold and answer");
        if (!Text(line, "answer", out var answer) || answer is null) return VerifierJson.Error("answer", "expected a text in 'answer'");
        if (!Golds(line, out var golds)) return VerifierJson.Error("gold", "expected a text in 'gold' or texts in 'golds'");
        if (Options(line, golds, out var options) is { } fault)
            return VerifierJson.Error(fault, $"'{fault}' has a wrong type or an unknown value");
        return Write(_verifier.Verify(golds[0], answer, options), line, explain);
    }

    /// <summary>A verdict with everything it was made of, as one JSON line.</summary>
    public static string Explain(MathVerdict verdict) => Write(verdict, default, explain: true);

    private string? Options(JsonElement line, List<string> golds, out VerifyOptions options)
    {
        options = defaults ?? VerifyOptions.Default;
        if (golds.Count > 1) options = options with { OtherGolds = golds.GetRange(1, golds.Count - 1) };
        foreach (var property in line.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Null) continue;
            switch (property.Name)
            {
                case "tolerance":
                    if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetDouble(out var t) || !(t >= 0)
                        || double.IsInfinity(t)) return "tolerance";
                    options = options with { Tolerance = t };
                    break;
                case "unit":
                    if (property.Value.ValueKind != JsonValueKind.String) return "unit";
                    options = options with { Unit = property.Value.GetString() };
                    break;
                case "require":
                    if (property.Value.ValueKind != JsonValueKind.String || property.Value.GetString() is not ("value" or "answer"))
                        return "require";
                    options = options with { RequireValue = property.Value.GetString() == "value" };
                    break;
                case "truncated":
                    if (property.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return "truncated";
                    options = options with { Truncated = property.Value.GetBoolean() };
                    break;
                case "profile":
                    var found = property.Value.ValueKind == JsonValueKind.String
                        ? RuleProfile.All.FirstOrDefault(p => p.Name == property.Value.GetString()) : null;
                    if (found is null) return "profile";
                    options = options with { Profile = found };
                    break;
            }
        }
        if (Opened(line, options.OpenedBlock, out var opened) is { } fault) return fault;
        options = options with { OpenedBlock = opened };
        return null;
    }

    /// <summary>
    /// The tag of the think block that a line says its prompt left open, by <c>thinking</c> or by <c>prompt</c>;
    /// <paramref name="given"/> where it says nothing. Gives the name of a field of a wrong type, or null.
    /// </summary>
    internal static string? Opened(JsonElement line, string? given, out string? opened)
    {
        opened = given;
        if (line.TryGetProperty("thinking", out var thinking) && thinking.ValueKind != JsonValueKind.Null)
        {
            if (thinking.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return "thinking";
            opened = thinking.GetBoolean() ? given ?? ThinkBlocks.UnknownTag : null;
        }

        // A conversation (a list) does not say what its template makes of it.
        if (line.TryGetProperty("prompt", out var prompt) && prompt.ValueKind == JsonValueKind.String)
            opened = ThinkBlocks.LeftOpen(VerifierJson.Plain(prompt)) ?? opened;
        return null;
    }

    private static bool Golds(JsonElement line, out List<string> golds)
    {
        golds = [];
        if (line.TryGetProperty("gold", out _))
        {
            // A list of texts is one gold of several parts (GoldParts).
            if (line.GetProperty("gold") is { ValueKind: JsonValueKind.Array } parts)
            {
                if (!parts.EnumerateArray().All(p => p.ValueKind is JsonValueKind.String or JsonValueKind.Number)) return false;
                golds.Add(parts.GetArrayLength() == 0 ? "" : JsonSerializer.Serialize(parts.EnumerateArray().Select(VerifierJson.Plain)));
            }
            else
            {
                if (!Text(line, "gold", out var gold)) return false;
                golds.Add(gold ?? "");
            }
        }
        if (line.TryGetProperty("golds", out var many) && many.ValueKind != JsonValueKind.Null)
        {
            if (many.ValueKind != JsonValueKind.Array) return false;
            foreach (var item in many.EnumerateArray())
            {
                if (item.ValueKind is not (JsonValueKind.String or JsonValueKind.Number)) return false;
                golds.Add(VerifierJson.Plain(item));
            }
        }
        return golds.Count > 0 || line.TryGetProperty("golds", out _) && Add(golds);

        static bool Add(List<string> list)
        {
            list.Add("");
            return true;
        }
    }

    private static bool Text(JsonElement line, string name, out string? text)
    {
        text = null;
        if (!line.TryGetProperty(name, out var value)) return false;
        if (value.ValueKind == JsonValueKind.Null) return true;
        if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False))
            return false;
        text = VerifierJson.Plain(value);
        return true;
    }

    private static string Write(MathVerdict verdict, JsonElement line, bool explain)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (line.ValueKind == JsonValueKind.Object && line.TryGetProperty("id", out var id))
            {
                json.WritePropertyName("id");
                id.WriteTo(json);
            }
            if (verdict.Correct is { } correct) json.WriteBoolean("correct", correct);
            else json.WriteNull("correct");
            if (verdict.Skipped is { } skipped) json.WriteString("skipped", skipped);
            json.WriteString("reason", verdict.Reason);
            json.WriteString("rules", verdict.Rules);
            if (explain)
            {
                json.WriteString("extracted", VerifierJson.Clean(verdict.Extracted));
                json.WriteString("extraction", verdict.ExtractionRule);
                json.WriteString("gold_parsed", VerifierJson.Clean(verdict.GoldParsed));
                json.WriteString("answer_parsed", VerifierJson.Clean(verdict.AnswerParsed));
            }
            json.WriteEndObject();
        }
        return Encoding.ASCII.GetString(buffer.WrittenSpan);
    }
}
