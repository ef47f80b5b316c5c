using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Tenon.MathAnswers;

/// <summary>What the verifier's JSON lines share: texts that may hold half a surrogate pair, where one was cut, and errors.</summary>
internal static class VerifierJson
{
    /// <summary>The text of a value, or its digits; half a surrogate pair cannot be decoded, and such a text counts as empty.</summary>
    public static string Plain(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }

    /// <summary>Half a surrogate pair has no UTF-8; it is shown as the replacement sign.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Clean(string? text) => text is null ? null : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>A faulty line's answer.</summary>
    public static string Error(string kind, string message)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("error");
            json.WriteString("kind", kind);
            json.WriteString("message", Clean(message));
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.ASCII.GetString(buffer.WrittenSpan);
    }
}
