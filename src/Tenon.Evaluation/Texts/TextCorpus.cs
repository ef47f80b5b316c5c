using System.Text;
using System.Text.Json;
using Tenon.Rewards.Data;

namespace Tenon.Evaluation.Texts;

/// <summary>A document of a text that models are measured on.</summary>
/// <param name="Id">Its name, unique in the text.</param>
/// <param name="Text">The text itself; it is never empty.</param>
public sealed record TextDocument(string Id, string Text)
{
    /// <summary>Bytes of the text in UTF-8.</summary>
    public long Bytes { get; } = Encoding.UTF8.GetByteCount(Text);
}

/// <summary>
/// A text to measure perplexity on: a plain file is one document, a folder of plain files one a file, a data file (JSON lines, CSV, Parquet
/// ...) one a row.
/// </summary>
/// <param name="Name">What figures are called by: the file's name without its ending.</param>
/// <param name="Documents">The documents, those without a character left out.</param>
/// <param name="Empty">Documents that were left out.</param>
public sealed record TextCorpus(string Name, IReadOnlyList<TextDocument> Documents, int Empty)
{
    private static readonly string[] S_plain = [".txt", ".md", ".text", ""];
    private static readonly string[] S_ids = ["id", "document", "title", "url"];

    /// <summary>The columns in which a data file's texts are looked for, in order.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["text", "content", "document", "completion"];

    /// <summary>Reads a text.</summary>
    /// <param name="path">A plain file, a folder of plain files, or a data file.</param>
    /// <param name="column">The column of the text, a dotted path; null takes the first of <see cref="Columns"/> that is there.</param>
    /// <exception cref="TenonException">Nothing is there, a row has no text, or every document is empty.</exception>
    public static TextCorpus Read(string path, string? column = null)
    {
        var read = Directory.Exists(path) ? OfFolder(path) : S_plain.Contains(Path.GetExtension(path).ToLowerInvariant())
            ? [new TextDocument(Path.GetFileName(path), Whole(path))] : OfRows(path, column);
        var documents = Unique(read.Where(d => d.Text.Length > 0));
        if (documents.Count == 0)
            throw new TenonException($"text {path}", "a document with a character", read.Count == 0 ? "no document" : "empty ones only",
                usage: true);
        return new(Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(path)), documents, read.Count - documents.Count);
    }

    private static List<TextDocument> OfFolder(string path)
    {
        var files = Directory.EnumerateFiles(path).Where(f => S_plain.Contains(Path.GetExtension(f).ToLowerInvariant()))
            .Order(StringComparer.Ordinal).ToList();
        if (files.Count == 0)
            throw new TenonException($"text {path}", "plain files (.txt, .md) in the folder", "none", usage: true);
        return [.. files.Select(f => new TextDocument(Path.GetFileName(f), Whole(f)))];
    }

    private static List<TextDocument> OfRows(string path, string? column)
    {
        var documents = new List<TextDocument>();
        foreach (var row in DataTable.Rows(path))
        {
            var fields = row.Fields;
            string[] names = column is null ? [.. Columns] : [column];
            var value = names.Select(n => ColumnPath.Find(fields, n)).FirstOrDefault(v => v is { ValueKind: JsonValueKind.String })
                ?? throw new TenonException(row.Where, $"a text in {(column is null ? string.Join(", ", Columns) : $"column {column}")}",
                    $"columns {string.Join(", ", ColumnPath.All(fields))}", "name the column with --text-column", usage: true);
            var id = S_ids.Where(n => n != column).Select(n => fields.TryGetValue(n, out var v) ? v : default)
                .FirstOrDefault(v => v.ValueKind is JsonValueKind.String or JsonValueKind.Number);
            documents.Add(new(id.ValueKind == JsonValueKind.Undefined ? $"row {row.Number}" : id.ToString(), value.GetString()!));
        }

        return documents;
    }

    // A name that stands twice gets its number behind it.
    private static List<TextDocument> Unique(IEnumerable<TextDocument> documents)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var result = new List<TextDocument>();
        foreach (var document in documents)
        {
            var id = document.Id;
            for (var copy = 2; !seen.Add(id); copy++) id = $"{document.Id}#{copy}";
            result.Add(id == document.Id ? document : document with { Id = id });
        }

        return result;
    }

    // Lines keep their ends as the file has them: they are bytes of the text.
    private static string Whole(string path)
    {
        using var stream = InputFile.OpenText(path, "Text");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (DecoderFallbackException e)
        {
            throw new TenonException($"text {path}", "UTF-8", $"other bytes at {e.Index}", "convert the file to UTF-8", e, usage: true);
        }
    }
}
