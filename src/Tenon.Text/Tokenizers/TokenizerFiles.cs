namespace Tenon.Text.Tokenizers;

/// <summary>The files of a Hugging Face folder that belong to its tokenizer and chat templates.</summary>
public static class TokenizerFiles
{
    /// <summary>The folder of named chat templates, one <c>NAME.jinja</c> each.</summary>
    public const string NamedTemplates = "additional_chat_templates";

    private static readonly string[] Names =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt", "merges.txt",
            "tokenizer.model",
        "spiece.model", "sentencepiece.bpe.model", "tekken.json", "chat_template.jinja", "chat_template.json",
    ];

    /// <summary>Copies those that are there, without reading them; fit for what an export asks for. Returns their names.</summary>
    public static IReadOnlyList<string> Copy(string from, string to)
    {
        var names = Names.Where(n => File.Exists(Path.Combine(from, n))).ToList();
        var templates = Path.Combine(from, NamedTemplates);
        if (Directory.Exists(templates))
        {
            Directory.CreateDirectory(Path.Combine(to, NamedTemplates));
            names.AddRange(Directory.EnumerateFiles(templates, "*.jinja").Order(StringComparer.Ordinal)
                .Select(f => Path.Combine(NamedTemplates, Path.GetFileName(f))));
        }

        foreach (var name in names) File.Copy(Path.Combine(from, name), Path.Combine(to, name));
        return names;
    }
}
