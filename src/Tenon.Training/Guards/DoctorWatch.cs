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
    private readonly HashSet<string> _said = [];
    private readonly DiagnosisWatch _watch = new(recipe);

    /// <summary>Reads the steps that are logged; what was said in them is not said again.</summary>
    public void Load(string metricsFile)
    {
        if (!File.Exists(metricsFile)) return;
        foreach (var step in SharedFile.ReadLines(metricsFile).Select(MetricsLog.Read).OfType<StepMetrics>())
            foreach (var finding in _watch.After(step))
                _said.Add(finding.Diagnosis.Name);
    }

    /// <summary>What a step shows for the first time, a line each.</summary>
    public IEnumerable<string> After(StepMetrics step)
    {
        foreach (var finding in _watch.After(step))
            if (_said.Add(finding.Diagnosis.Name))
                yield return $"doctor: {finding.Diagnosis.Name}: {finding.Diagnosis.Meaning} Remedy: {finding.Diagnosis.Remedy}";
    }
}
