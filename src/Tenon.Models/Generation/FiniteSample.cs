namespace Tenon.Models.Generation;

/// <summary>Samples of a model that gave no finite logits are no samples, and are told as an error.</summary>
public static class FiniteSample
{
    /// <summary>True where every token was drawn with a finite probability.</summary>
    public static bool Is(GeneratedSample sample) => sample.LogProbabilities.All(float.IsFinite);

    /// <summary>The error, with the first token's place.</summary>
    public static TenonException Fault(GeneratedSample sample) =>
        new($"prompt {sample.Request + 1}: token {1 + sample.LogProbabilities.ToList().FindIndex(p => !float.IsFinite(p))} of the answer",
        "finite logits", "values that are no numbers",
        "the weights or the adapter are damaged, or have diverged in training: take an earlier checkpoint");
}
