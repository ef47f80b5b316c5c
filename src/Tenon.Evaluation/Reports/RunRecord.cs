using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Reports;

/// <summary>A run as its report wants it: columns by metric, evaluations, completions of the first and of the last step.</summary>
internal sealed class RunRecord(RunReader reader)
{
    public string Folder => reader.Folder;

    public JsonObject Run => reader.Run.Json;

    /// <summary>The steps that are logged.</summary>
    public double[] Steps { get; } = [.. reader.Steps.Select(step => (double)step.Step)];

    /// <summary>Evaluations by step.</summary>
    public IReadOnlyList<EvaluationResults> Evaluations { get; } = [.. reader.Evaluations().Where(e => !e.IsText)];

    /// <summary>Evaluations on texts by step.</summary>
    public IReadOnlyList<EvaluationResults> Texts { get; } = [.. reader.Evaluations().Where(e => e.IsText)];

    /// <summary>The run as a reader has it.</summary>
    public RunReader Reader => reader;

    /// <summary>Completions of the first and of the last step.</summary>
    public IReadOnlyList<SampleRecord> First { get; } = reader.SampleSteps() is [var first, ..] ? reader.Samples(first) : [];

    public IReadOnlyList<SampleRecord> Last { get; } = reader.SampleSteps() is [_, .., var last] ? reader.Samples(last) : [];

    /// <summary>The metrics of all columns, in the order of the file.</summary>
    public IReadOnlyList<Metric> Metrics { get; } = reader.Metrics;

    /// <summary>A column with NaN where a step says nothing; null where no step has it.</summary>
    public double[]? Column(Metric metric) => reader.Column(metric);

    /// <summary>Reads a folder.</summary>
    public static RunRecord Read(string folder) => new(RunReader.Open(folder));
}
