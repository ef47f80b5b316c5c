using System.Text.Json.Nodes;

namespace Tenon.Runs.Evaluations;

/// <summary>The folder of an evaluation on a text: a line of <c>documents.jsonl</c> is a document.</summary>
public sealed class TextFolder : RecordFolder<string, TextDocumentScore>
{
    private const string DocumentsFile = "documents.jsonl";

    private TextFolder(string path)
        : base(path, DocumentsFile)
    {
    }

    /// <summary>The documents that are done, by id.</summary>
    public IReadOnlyDictionary<string, TextDocumentScore> Documents => Records;

    /// <summary>True where the folder holds documents.</summary>
    public static bool HasDocuments(string path) => File.Exists(Path.Combine(path, DocumentsFile));

    /// <summary>Begins an evaluation, or goes on with one of the same identity.</summary>
    /// <exception cref="TenonException">The folder holds an evaluation of another identity, or other files, or another process writes to
    /// it.</exception>
    public static TextFolder Open(string path, EvaluationIdentity identity)
    {
        var folder = new TextFolder(path);
        folder.Begin(identity);
        return folder;
    }

    /// <summary>The documents of an evaluation, in the file's order; incomplete lines are left out.</summary>
    public static IReadOnlyList<TextDocumentScore> ReadDocuments(string path) => HasDocuments(path)
        ? [.. RunLines.Read(Path.Combine(path, DocumentsFile)).Select(TextDocumentScore.Read).OfType<TextDocumentScore>()]
        : [];

    /// <inheritdoc/>
    protected override TextDocumentScore? Read(string line) => TextDocumentScore.Read(line);

    /// <inheritdoc/>
    protected override JsonObject Line(TextDocumentScore record) => record.ToJson();

    /// <inheritdoc/>
    protected override string KeyOf(TextDocumentScore record) => record.Document;

    /// <inheritdoc/>
    protected override IEnumerable<TextDocumentScore> InOrder(IEnumerable<TextDocumentScore> records) =>
        records.OrderBy(d => d.Document, StringComparer.Ordinal);
}
