namespace Tenon.Models.Generation;

/// <summary>How the next token is chosen; applied in transformers' order: repetition penalty, temperature, top-k, top-p, min-p.</summary>
public sealed record SamplingSettings
{
    /// <summary>Logits are divided by it; 0 takes the largest logit.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keep the k largest (ties may keep more); 0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the smallest set of best tokens whose mass reaches p; 1 is off.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Keep tokens of at least this share of the largest probability; 0 is off.</summary>
    public double MinP { get; init; }

    /// <summary>Logits of tokens seen before are divided by it (negative ones multiplied); 1 is off.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>True where the sampled distribution is the full one at this temperature: what training needs.</summary>
    public bool IsFull => Temperature > 0 && TopK == 0 && TopP >= 1 && MinP <= 0 && RepetitionPenalty == 1;

    /// <summary>All faults of these settings; empty where they are usable.</summary>
    public IEnumerable<string> Validate()
    {
        if (!(Temperature >= 0) || !double.IsFinite(Temperature)) yield return $"temperature must be 0 or more, got {Temperature}";
        if (TopK < 0) yield return $"top-k must be 0 (off) or more, got {TopK}";
        if (!(TopP > 0 && TopP <= 1)) yield return $"top-p must lie above 0 and up to 1 (off), got {TopP}";
        if (!(MinP >= 0 && MinP <= 1)) yield return $"min-p must lie from 0 (off) to 1, got {MinP}";
        if (!(RepetitionPenalty > 0) || !double.IsFinite(RepetitionPenalty))
            yield return $"repetition penalty must be above 0 (1 is off), got {RepetitionPenalty}";
    }
}
