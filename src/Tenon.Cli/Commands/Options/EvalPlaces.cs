using Tenon.Runs.Evaluations;

namespace Tenon.Cli.Commands.Options;

/// <summary>
/// The folders of an evaluation's results: one benchmark or text has the given folder to itself, several have one each in it; without a
/// folder the name says all that decides the figures.
/// </summary>
/// <param name="output">The folder that was asked for.</param>
/// <param name="benchmarks">Names of all benchmarks, and how each was given.</param>
/// <param name="texts">Names of all texts.</param>
internal sealed class EvalPlaces(string? output, IReadOnlyList<(string Name, string Given)> benchmarks, IReadOnlyList<string> texts)
{
    private const int HashDigits = 12;

    /// <summary>The folder of one evaluation.</summary>
    public string Of(string name, string given, EvaluationIdentity identity, EvalSide side)
    {
        if (output is null) return Path.Combine("eval", $"{EvaluationNames.Of(name)}-{identity.Hash[..HashDigits]}");
        var place = side.Folder is { } folder ? Path.Combine(output, folder) : output;
        if (benchmarks.Count + texts.Count == 1) return place;
        var isAlone = benchmarks.Count(b => b.Name == name) + texts.Count(t => t == name) == 1;
        return Path.Combine(place, EvaluationNames.Of(isAlone ? name : given));
    }
}
