using System.Text.Json;
using Tenon.Checkpoints;
using Tenon.Text.Tokenizers.Json;

namespace Tenon.Text.Tokenizers;

/// <summary>
/// Reads <c>tokenizer.json</c> of byte-level BPE families: any combination of the parts that are known. Every part that would change an id
/// is
/// understood, or it is an error that names it; nothing is skipped.
/// </summary>
public static class TokenizerJson
{
    /// <summary>Reads a file.</summary>
    public static ITokenizer Load(string path)
    {
        if (!File.Exists(path)) throw new TenonException($"tokenizer '{path}'", "a tokenizer.json", "no such file", usage: true);
        return Read(JsonFields.Load(path));
    }

    /// <summary>Reads a parsed file; <paramref name="where"/> names it in messages.</summary>
    public static ITokenizer Parse(JsonElement root, string where) => root.ValueKind == JsonValueKind.Object
        ? Read(new JsonFields(where, root))
        : throw new TenonException($"tokenizer '{where}'", "a JSON object", "another JSON value",
        "the file is damaged or of another format");

    /// <summary>Reads the fields of a file.</summary>
    internal static ITokenizer Read(JsonFields root)
    {
        var model = root.RequiredObject("model");
        var vocabulary = VocabularyReader.Read(model);
        var added = AddedTokenReader.Read(root, vocabulary);
        var merger = MergerReader.Read(model, vocabulary);
        DecoderReader.Require(root);
        var normalizers = NormalizerReader.Read(root);
        var preTokenizers = PreTokenizerReader.Read(root);
        var known = vocabulary.Values.Concat(added.Select(a => a.Id)).ToHashSet();
        var (before, after) = PostProcessorReader.Read(root, known);
        return new BpeTokenizer(vocabulary, added, normalizers, preTokenizers, merger, before, after);
    }
}
