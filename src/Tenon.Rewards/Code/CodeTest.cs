using System.Text.Json;

namespace Tenon.Rewards.Code;

/// <summary>
/// One test: text for standard input and the output that is expected, or statements that end in an error where the code is wrong.
/// </summary>
/// <param name="Input">Standard input.</param>
/// <param name="Expected">Expected output; null for a test by statements.</param>
/// <param name="Statements">Code that runs with the completion's (<c>assert f(2) == 4</c>); null for a test by output.</param>
internal sealed record CodeTest(string Input, string? Expected, string? Statements)
{
    private static readonly string[] InputNames = ["input", "stdin"], OutputNames = ["output", "stdout", "expected", "expected_output"];

    /// <summary>
    /// A line's tests, from its column or its answer; null where they cannot be read. A list of texts or one text: statements. A list of
    /// <c>{"input":...,"output":...}</c>, or <c>{"inputs":[...],"outputs":[...]}</c>: standard input and output. A text may hold any of
    /// these as JSON.
    /// </summary>
    public static IReadOnlyList<CodeTest>? Of(Problem problem, string column)
    {
        try
        {
            if (problem.Fields is { } fields && fields.TryGetValue(column, out var value)) return Read(value);
            return problem.Answer.Length == 0 ? null : ReadText(problem.Answer);
        }
        catch (InvalidOperationException)
        {
            // A value of another kind than the forms above have.
            return null;
        }
    }

    private static IReadOnlyList<CodeTest>? Read(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => ReadText(value.GetString()!),
        JsonValueKind.Array => value.GetArrayLength() == 0 ? null : [.. value.EnumerateArray().Select(One)],
        JsonValueKind.Object when value.TryGetProperty("inputs", out var inputs) && value.TryGetProperty("outputs", out var outputs) =>
            Pairs(inputs, outputs),
        JsonValueKind.Object => [One(value)],
        _ => null,
    };

    private static IReadOnlyList<CodeTest>? ReadText(string text)
    {
        if (text.AsSpan().TrimStart() is ['[' or '{', ..])
        {
            try
            {
                using var document = JsonDocument.Parse(text);
                return Read(document.RootElement.Clone());
            }
            catch (JsonException)
            {
                // Statements may begin with a bracket too.
            }
        }

        return string.IsNullOrWhiteSpace(text) ? null : [new CodeTest("", null, text)];
    }

    private static CodeTest One(JsonElement test)
    {
        if (test.ValueKind == JsonValueKind.String) return new("", null, test.GetString());
        string? input = null, output = null;
        foreach (var property in test.EnumerateObject())
        {
            if (InputNames.Contains(property.Name)) input = Lines(property.Value);
            else if (OutputNames.Contains(property.Name)) output = Lines(property.Value);
        }

        return output is null ? throw new InvalidOperationException("a test without an output") : new(input ?? "", output, null);
    }

    private static List<CodeTest>? Pairs(JsonElement inputs, JsonElement outputs) =>
        inputs.GetArrayLength() != outputs.GetArrayLength() || inputs.GetArrayLength() == 0 ? null
            : [.. inputs.EnumerateArray().Zip(outputs.EnumerateArray(), (i, o) => new CodeTest(Lines(i), Lines(o), null))];

    // Some data sets give a list of lines instead of a text.
    private static string Lines(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => string.Join('\n', value.EnumerateArray().Select(Lines)),
        _ => value.GetRawText(),
    };
}
