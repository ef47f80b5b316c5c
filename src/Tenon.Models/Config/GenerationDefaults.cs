namespace Tenon.Models.Config;

/// <summary>
/// The sampling values of <c>generation_config.json</c>; null where the file says nothing. They are defaults of generating text for a
/// person
/// only, never of training or evaluation.
/// </summary>
public sealed record GenerationDefaults
{
    /// <summary>False asks for greedy decoding.</summary>
    public bool? DoSample { get; init; }

    /// <summary>Divisor of the logits.</summary>
    public double? Temperature { get; init; }

    /// <summary>Keeps the K likeliest tokens; 0 keeps all.</summary>
    public int? TopK { get; init; }

    /// <summary>Keeps the likeliest tokens up to this mass.</summary>
    public double? TopP { get; init; }

    /// <summary>Keeps tokens of at least this share of the likeliest one's probability.</summary>
    public double? MinP { get; init; }

    /// <summary>Divides (or multiplies, below zero) logits of tokens already seen.</summary>
    public double? RepetitionPenalty { get; init; }
}
