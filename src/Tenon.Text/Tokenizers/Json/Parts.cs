using Tenon.Checkpoints;

namespace Tenon.Text.Tokenizers.Json;

/// <summary>What the readers of the parts of <c>tokenizer.json</c> share.</summary>
internal static class Parts
{
    /// <summary>A part of no known kind, or with a setting that has no known meaning.</summary>
    public static TenonException Unknown(JsonFields at, string part, string? got, string expected) => new(
        $"'{at.File}' has {part} that is not supported{(at.Path.Length > 0 ? $", at '{at.Path}'" : "")}", expected, got ?? "nothing",
        "A byte-level BPE tokenizer.json is needed.");

    /// <summary>The parts of a <c>Sequence</c>, or the one part itself; nested sequences are opened.</summary>
    public static IEnumerable<JsonFields> Flat(JsonFields part, string list) => part.String("type") == "Sequence"
        ? part.Objects(list).SelectMany(inner => Flat(inner, list))
        : [part];
}
