using System.Text.Json.Nodes;

namespace Tenon.Runs.Doctor;

/// <summary>
/// Looks a run over while it goes on: the diagnoses by metrics alone, each of which reads every step once, however long the run is.
/// </summary>
public sealed class DiagnosisWatch
{
    private readonly List<(Diagnosis Diagnosis, StepRule Rule)> _rules;

    /// <summary>A watch over a run that has this recipe and no step yet.</summary>
    public DiagnosisWatch(JsonObject recipe)
    {
        var facts = new RunFacts(recipe, []);
        _rules = [.. Diagnoses.All.Where(d => d.Rule is not null).Select(d => (d, d.Rule!(facts)))];
    }

    /// <summary>Reads the next step, and gives what is seen in it.</summary>
    public IReadOnlyList<Finding> After(StepMetrics step)
    {
        var found = new List<Finding>();
        foreach (var (diagnosis, rule) in _rules)
        {
            rule.Add(step);
            if (rule.Seen is { } sight && sight.Last == step.Step) found.Add(diagnosis.Found(sight));
        }

        return found;
    }
}
