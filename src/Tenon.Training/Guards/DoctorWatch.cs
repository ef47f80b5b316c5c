using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Runs.Doctor;

namespace Tenon.Training.Guards;

/// <summary>
/// Looks a run over while it goes on: what <c>tenon doctor</c> would find by metrics alone is said in the step it shows in, each diagnosis
/// once.
/// </summary>
internal sealed class DoctorWatch(JsonObject recipe)
{
    private readonly List<StepMetrics> _steps = [];
    private readonly HashSet<string> _said = [];

    /// <summary>Reads the steps that are logged; what they show already is not said again.</summary>
    public void Load(string metricsFile)
    {
        _steps.Clear();
        if (File.Exists(metricsFile)) _steps.AddRange(SharedFile.ReadLines(metricsFile).Select(MetricsLog.Read).OfType<StepMetrics>());
        foreach (var finding in Diagnoses.Of(new RunFacts(recipe, _steps))) _said.Add(finding.Diagnosis.Name);
    }

    /// <summary>What a step shows for the first time, a line each.</summary>
    public IEnumerable<string> After(StepMetrics step)
    {
        _steps.Add(step);
        foreach (var finding in Diagnoses.Of(new RunFacts(recipe, _steps)))
            if (finding.Last == step.Step && _said.Add(finding.Diagnosis.Name))
                yield return $"doctor: {finding.Diagnosis.Name}: {finding.Diagnosis.Meaning} Remedy: {finding.Diagnosis.Remedy}";
    }
}
