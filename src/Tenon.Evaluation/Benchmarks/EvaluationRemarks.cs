namespace Tenon.Evaluation.Benchmarks;

/// <summary>What a person should know of an evaluation beside its figures, and what makes it none.</summary>
public static class EvaluationRemarks
{
    /// <summary>Prompts that left no room and golds that could not be judged; null where there are none.</summary>
    public static string? Of(EvaluationFigures figures)
    {
        var parts = new List<string>();
        if (figures.TooLong > 0) parts.Add($"{figures.TooLong} prompts are too long and count as wrong and truncated");
        if (figures.Unscorable > 0) parts.Add($"{figures.Unscorable} golds cannot be judged and are left out");
        return parts.Count == 0 ? null
            : $"{(string?)figures.Json["benchmark"]}: of {(int)figures.Json["problems"]!} problems {string.Join(", ", parts)}";
    }

    /// <summary>Refuses an evaluation that has measured nothing.</summary>
    public static void RequireMeasured(EvaluationFigures figures, int context, int maxNewTokens)
    {
        var (name, problems) = ((string?)figures.Json["benchmark"], (int)figures.Json["problems"]!);
        if (figures.Judged == 0)
            throw new TenonException($"benchmark {name}", "a gold that can be judged", $"none in {problems} problems",
                "name the column of the golds with --answer-column");
        if (figures.TooLong == figures.Judged)
            throw new TenonException($"benchmark {name}",
                $"prompts that leave room for {maxNewTokens} new tokens in a context of {context}", $"{problems} that do not",
                "lower --max-new-tokens");
    }
}
