using System.Text.Json.Nodes;

namespace Tenon.Runs.Evaluations;

/// <summary>The folder of an evaluation on a benchmark: a line of <c>samples.jsonl</c> is a finished sample.</summary>
public sealed class EvaluationFolder : RecordFolder<(string Problem, int Sample), EvaluationSample>
{
    private const string SamplesFile = "samples.jsonl";

    private EvaluationFolder(string path)
        : base(path, SamplesFile)
    {
    }

    /// <summary>The samples that are done.</summary>
    public IReadOnlyDictionary<(string Problem, int Sample), EvaluationSample> Samples => Records;

    /// <summary>True where the folder holds samples.</summary>
    public static bool HasSamples(string path) => File.Exists(Path.Combine(path, SamplesFile));

    /// <summary>Begins an evaluation, or goes on with one of the same identity.</summary>
    /// <exception cref="TenonException">The folder holds an evaluation of another identity, or other files, or another process writes to
    /// it.</exception>
    public static EvaluationFolder Open(string path, EvaluationIdentity identity)
    {
        var folder = new EvaluationFolder(path);
        folder.Begin(identity);
        return folder;
    }

    /// <summary>The samples of an evaluation, in the file's order; incomplete lines are left out.</summary>
    /// <exception cref="TenonException">Bytes that are no UTF-8, with their line.</exception>
    public static IReadOnlyList<EvaluationSample> ReadSamples(string path) =>
        [.. RunLines.Read(Path.Combine(path, SamplesFile)).Select(EvaluationSample.Read).OfType<EvaluationSample>()];

    /// <summary>The summary of an evaluation; null where it is not finished.</summary>
    public static JsonObject? ReadSummary(string path) => EvaluationFiles.ReadSummary(path);

    /// <summary>The identity of an evaluation; null where there is none.</summary>
    public static JsonObject? ReadIdentity(string path) => EvaluationFiles.ReadIdentity(path);

    /// <inheritdoc/>
    protected override EvaluationSample? Read(string line) => EvaluationSample.Read(line);

    /// <inheritdoc/>
    protected override JsonObject Line(EvaluationSample record) => record.ToJson();

    /// <inheritdoc/>
    protected override (string Problem, int Sample) KeyOf(EvaluationSample record) => (record.Problem, record.Sample);

    /// <inheritdoc/>
    protected override IEnumerable<EvaluationSample> InOrder(IEnumerable<EvaluationSample> records) =>
        records.OrderBy(s => s.Problem, StringComparer.Ordinal).ThenBy(s => s.Sample);
}
