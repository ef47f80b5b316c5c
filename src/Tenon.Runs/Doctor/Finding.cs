using System.Text.Json.Nodes;

namespace Tenon.Runs.Doctor;

/// <summary>How bad a finding is.</summary>
public enum Severity
{
    /// <summary>Worth a look.</summary>
    Warning,

    /// <summary>The run does not learn what it should.</summary>
    Fault,
}

/// <summary>What a diagnosis has found in a run.</summary>
/// <param name="Diagnosis">The diagnosis.</param>
/// <param name="First">The first step it is seen in.</param>
/// <param name="Last">The last step it is seen in.</param>
/// <param name="Value">The metric's value there.</param>
/// <param name="Threshold">The bound that it passes.</param>
public sealed record Finding(Diagnosis Diagnosis, int First, int Last, double Value, double Threshold)
{
    /// <summary>The finding as a JSON object.</summary>
    public JsonObject ToJson() => new()
    {
        ["name"] = Diagnosis.Name,
        ["severity"] = Diagnosis.Severity == Severity.Fault ? "fault" : "warning",
        ["steps"] = new JsonArray(First, Last),
        ["metric"] = Diagnosis.Metric,
        ["value"] = RunJson.Finite(Value),
        ["threshold"] = RunJson.Finite(Threshold),
        ["meaning"] = Diagnosis.Meaning,
        ["remedy"] = Diagnosis.Remedy,
    };
}

/// <summary>A named way in which a run goes wrong.</summary>
/// <param name="Name">Its name; stable.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Metric">The metric, or the field of <c>samples/</c>, that shows it.</param>
/// <param name="Meaning">What it means, in one sentence.</param>
/// <param name="Remedy">What to change, by key.</param>
/// <param name="Find">Looks for it; null where the run is free of it.</param>
public sealed record Diagnosis(string Name, Severity Severity, string Metric, string Meaning, string Remedy, Func<RunFacts, Sight?> Find)
{
    /// <summary>A diagnosis by metrics alone, which looks at one step after the other.</summary>
    internal Diagnosis(string name, Severity severity, string metric, string meaning, string remedy, Func<RunFacts, StepRule> rule)
        : this(name, severity, metric, meaning, remedy, facts =>
        {
            var along = rule(facts);
            foreach (var step in facts.Steps) along.Add(step);
            return along.Seen;
        }) => Rule = rule;

    /// <summary>Makes what looks for it as a run goes along; null where it reads more than metrics.</summary>
    internal Func<RunFacts, StepRule>? Rule { get; }

    internal Finding Found(Sight sight) => new(this, sight.First, sight.Last, sight.Value, sight.Threshold);
}

/// <summary>What a diagnosis sees, before it has its name.</summary>
/// <param name="First">The first step it is seen in.</param>
/// <param name="Last">The last step it is seen in.</param>
/// <param name="Value">The metric's value there.</param>
/// <param name="Threshold">The bound that it passes.</param>
public readonly record struct Sight(int First, int Last, double Value, double Threshold);
