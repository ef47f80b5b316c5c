using System.Text.Json.Nodes;
using Tenon.Cli.Commands.Lines;
using Tenon.Evaluation.Comparisons;
using Tenon.Evaluation.Texts;

namespace Tenon.Cli.Commands.Options;

/// <summary>One side of an evaluation with and without the adapter.</summary>
/// <param name="IsBase">True for the model without the adapter.</param>
/// <param name="Word">What stands before its figures.</param>
/// <param name="Folder">Its folder in the one that was asked for; null where there is one side only.</param>
internal sealed record EvalSide(bool IsBase, string Word, string? Folder);

/// <summary>Evaluations before and after an adapter (<c>--forgetting</c>), and what has changed between them.</summary>
internal sealed class ForgettingPairs
{
    private const string Before = "before", After = "after";
    private readonly List<(EvalSide Side, string Folder)> _done = [];

    /// <summary>The sides to evaluate: with the adapter alone, or first without it.</summary>
    public static IReadOnlyList<EvalSide> Sides(bool both) =>
        both ? [new(true, "before, ", Before), new(false, "after, ", After)] : [new(false, "", null)];

    /// <summary>A side is evaluated.</summary>
    public void Add(EvalSide side, string folder) => _done.Add((side, folder));

    /// <summary>Says what changed, a sentence or a JSON line a benchmark or text; nothing where there is one side.</summary>
    public void Show(Terminal terminal, bool json)
    {
        foreach (var pair in _done.Where(d => d.Side.Folder is not null).Chunk(2))
        {
            var (then, now) = (StoredEvaluations.Read(pair[0].Folder)[0], StoredEvaluations.Read(pair[1].Folder)[0]);
            if (then.Documents is { } read && now.Documents is { } again)
            {
                var text = TextComparison.Of(then.Benchmark, [new(Before, [read]), new(After, [again])]);
                Write(TextTables.Json(text), TextTables.Sentences(text));
            }
            else
            {
                var task = Comparison.Of(then.Benchmark, [new(Before, [then.Problems]), new(After, [now.Problems])]);
                Write(ComparisonTables.Json(task), ComparisonTables.Sentences(task).Take(1).Select(s => $"{then.Benchmark}: {s}"));
            }
        }

        void Write(JsonObject line, IEnumerable<string> sentences)
        {
            if (json) JsonLines.Write(terminal, line);
            else
                foreach (var sentence in sentences) terminal.Out.WriteLine(sentence);
        }
    }
}
