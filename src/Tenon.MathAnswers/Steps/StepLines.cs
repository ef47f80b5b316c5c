using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Tenon.MathAnswers.Steps;

/// <summary>
/// A checked solution as one JSON line of ASCII: counts, share, the first wrong step, and every step where it explains. Immutable and
/// thread-safe.
/// </summary>
public sealed class StepLines(bool explain = false, string? openedBlock = null)
{
    private readonly StepVerifier _verifier = new();

    /// <summary>
    /// Answers a line <c>{"solution":...}</c> (or <c>"answer"</c>, <c>"completion"</c>, <c>"text"</c>), with its <c>id</c>; never throws.
    /// <c>thinking</c> and <c>prompt</c> say that the prompt left a think block open, as in <see cref="VerifyLines"/>.
    /// </summary>
    public string Answer(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object)
                foreach (var name in (ReadOnlySpan<string>)["solution", "answer", "completion", "text"])
                    if (root.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String)
                        return VerifyLines.Opened(root, openedBlock, out var opened) is { } fault
                            ? VerifierJson.Error(fault, $"'{fault}' has a wrong type or an unknown value")
                            : Write(_verifier.Check(VerifierJson.Plain(text), opened), root.TryGetProperty("id", out var id) ? id : null,
                            explain);
            return VerifierJson.Error("solution", "expected an object with a text in 'solution', 'answer', 'completion' or 'text'");
        }
        catch (JsonException e)
        {
            return VerifierJson.Error("json", JsonFault.Describe(e, line));
        }
    }

    /// <summary>A report as one JSON line.</summary>
    public static string Write(StepReport report, bool explain) => Write(report, null, explain);

    private static string Write(StepReport report, JsonElement? id, bool explain)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (id is { } name)
            {
                json.WritePropertyName("id");
                name.WriteTo(json);
            }
            Counts(json, report);
            if (report.Share is { } share) json.WriteNumber("share", Math.Round(share, 6));
            else json.WriteNull("share");
            json.WriteNumber("right_before_error", report.RightBeforeError);
            json.WritePropertyName("first_wrong");
            if (report.FirstWrong is { } wrong) Write(json, wrong);
            else json.WriteNullValue();
            if (report.OverBudget) json.WriteBoolean("over_budget", true);
            if (report.IsThinking) json.WriteNull("answer");
            else if (report.Answer is { } answer)
            {
                json.WriteStartObject("answer");
                Counts(json, answer);
                json.WriteEndObject();
            }
            json.WriteString("rules", StepVerifier.Rules);
            if (explain)
            {
                json.WriteStartArray("all");
                foreach (var step in report.Steps) Write(json, step);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        return Encoding.ASCII.GetString(buffer.WrittenSpan);
    }

    private static void Counts(Utf8JsonWriter json, StepReport report)
    {
        json.WriteNumber("steps", report.Steps.Count);
        json.WriteNumber("checked", report.Checked);
        json.WriteNumber("right", report.Right);
        json.WriteNumber("wrong", report.Wrong);
    }

    private static void Write(Utf8JsonWriter json, Step step)
    {
        json.WriteStartObject();
        json.WriteNumber("line", step.Line);
        json.WriteString("state", step.State switch { StepState.Right => "right", StepState.Wrong => "wrong", _ => "unchecked" });
        json.WriteString("reason", step.Reason);
        json.WriteString("text", VerifierJson.Clean(step.Text));
        json.WriteString("left", VerifierJson.Clean(step.Left));
        json.WriteString("right", VerifierJson.Clean(step.Right));
        if (step.LeftValue is not null) json.WriteString("left_value", VerifierJson.Clean(step.LeftValue));
        if (step.RightValue is not null) json.WriteString("right_value", VerifierJson.Clean(step.RightValue));
        json.WriteEndObject();
    }
}
