using System.Text.Json.Nodes;
using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Texts;

namespace Tenon.Evaluation.Reports;

/// <summary>All that a comparison's rows have in common: benchmarks, and texts.</summary>
/// <param name="Tasks">A comparison a benchmark.</param>
/// <param name="Texts">A comparison a text.</param>
public sealed record ComparedAll(IReadOnlyList<Comparison> Tasks, IReadOnlyList<TextComparison> Texts)
{
    /// <summary>The rows that are runs on disk, for their curves and settings.</summary>
    public IReadOnlyList<ComparedRun> Runs { get; init; } = [];

    /// <summary>Each part as it is printed: its JSON line, its tables, its sentences.</summary>
    public IEnumerable<(Func<JsonObject> Json, IReadOnlyList<ResultTable?> Tables, IEnumerable<string> Sentences)> Parts() =>
    [
        .. Tasks.Select(c => ((Func<JsonObject>)(() => ComparisonTables.Json(c)),
            (IReadOnlyList<ResultTable?>)[ComparisonTables.Main(c), ComparisonTables.PassCurves(c)], ComparisonTables.Sentences(c))),
        .. Tasks.Count < 2 ? [] : (IReadOnlyList<(Func<JsonObject>, IReadOnlyList<ResultTable?>, IEnumerable<string>)>)
            [(() => MacroComparison.Json(Tasks), [MacroComparison.Table(Tasks)], [])],
        .. Texts.Select(c => ((Func<JsonObject>)(() => TextTables.Json(c)), (IReadOnlyList<ResultTable?>)[TextTables.Main(c)],
            TextTables.Sentences(c))),
    ];
}
