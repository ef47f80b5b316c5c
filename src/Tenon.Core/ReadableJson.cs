using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tenon;

/// <summary>
/// JSON for people: our own files and displays write letters, quotes and signs as they are (<c>lora+</c>, <c>Größe</c>) where the standard
/// encoder writes
/// <c>\u002B</c>. What goes to another program by <c>--json</c> stays ASCII.
/// </summary>
public static class ReadableJson
{
    /// <summary>One value a line, indented.</summary>
    public static JsonSerializerOptions Indented { get; } =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true, NewLine = "\n" };

    /// <summary>All on one line.</summary>
    public static JsonSerializerOptions Line { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
