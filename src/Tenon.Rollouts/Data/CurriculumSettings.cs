namespace Tenon.Rollouts.Data;

/// <summary>What moves the level of a task that has several.</summary>
public sealed record CurriculumSettings : ISettings
{
    /// <summary>
    /// What the level follows: <c>accuracy</c> at it, or the <c>step</c>, evenly from the first level to the last.
    /// </summary>
    [Words("accuracy", "step")]
    public string By { get; init; } = "accuracy";

    /// <summary>By step: the steps in which the levels are gone through; null is all of the run.</summary>
    [Bounds(1, 10_000_000)]
    public int? OverSteps { get; init; }

    /// <summary>By accuracy: at this accuracy or above the next level begins.</summary>
    [Bounds(0, 1)]
    public double RaiseAt { get; init; } = 0.7;

    /// <summary>By accuracy: at this accuracy or below the level before comes back; null never.</summary>
    [Bounds(0, 1)]
    public double? LowerAt { get; init; }

    /// <summary>By accuracy: judged completions of the level that each decision rests on.</summary>
    [Bounds(1, 10_000_000)]
    public int Window { get; init; } = 128;

    /// <summary>Share of the problems that come from levels already passed.</summary>
    [Bounds(0, 1)]
    public double Review { get; init; } = 0.1;

    /// <inheritdoc/>
    public bool Applies(string key) => key switch
    {
        "over-steps" => By == "step",
        "raise-at" or "lower-at" or "window" => By == "accuracy",
        _ => true,
    };

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (By == "accuracy" && LowerAt >= RaiseAt)
            yield return new("lower-at", $"{LowerAt} is not below raise-at", $"less than {RaiseAt}, or null");
    }
}
