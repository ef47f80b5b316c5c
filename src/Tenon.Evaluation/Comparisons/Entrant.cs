namespace Tenon.Evaluation.Comparisons;

/// <summary>A problem's scores in one run.</summary>
/// <param name="Id">The problem; entrants are paired by it.</param>
/// <param name="Scores">One number a sample.</param>
/// <param name="Cluster">Problems of one cluster depend on each other; null where a problem stands alone.</param>
public sealed record ProblemScores(string Id, IReadOnlyList<double> Scores, string? Cluster = null);

/// <summary>What a row of a comparison stands for: a model, an adapter, a recipe; several runs of it differ by their seed alone.</summary>
/// <param name="Name">The row's name.</param>
/// <param name="Runs">Each run's problems.</param>
public sealed record Entrant(string Name, IReadOnlyList<IReadOnlyList<ProblemScores>> Runs)
{
    /// <summary>
    /// Other columns that the source knows: trainable parameters, tokens, seconds, mean length, share truncated; null where it is silent.
    /// </summary>
    public IReadOnlyDictionary<string, double?> Facts { get; init; } = new Dictionary<string, double?>();
}
