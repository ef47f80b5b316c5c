using Tenon.Models.Generation;
using Tenon.Rollouts;

namespace Tenon.Evaluation.Benchmarks;

/// <summary>
/// A way of evaluating that has a name: what a paper, or another program, does by default. Every part can be changed by itself.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What it is, and where it comes from.</param>
/// <param name="Prompt">The named prompt.</param>
/// <param name="Sampling">How tokens are chosen.</param>
/// <param name="MaxNewTokens">The length at which a completion is cut; null for half of the context, 512 at most.</param>
/// <param name="ChatTemplate">False leaves the chat template out.</param>
/// <param name="Stop">Texts that end a completion.</param>
/// <param name="Profile">The rules of mathematical equality.</param>
public sealed record EvaluationProtocol(
    string Name, string Summary, string Prompt, SamplingSettings Sampling, int? MaxNewTokens, bool ChatTemplate, IReadOnlyList<string> Stop,
    string Profile)
{
    /// <summary>All protocols; the first is the default.</summary>
    public static IReadOnlyList<EvaluationProtocol> All { get; } =
    [
        new("tenon", "Tenon's own: the model's own prompt at temperature 1.", Prompts.ModelsOwn, new SamplingSettings(), null, true, [],
            "tenon"),
        new("paper", "arXiv 2512.23165, section 2.5: temperature 0.6, top-p 0.95, 32,768 tokens.", "lighteval",
            new SamplingSettings { Temperature = 0.6, TopP = 0.95 }, 32_768, true, [], "boxed"),
        new("paper-scripts", "What that paper's released scripts run: open-r1's prompt, temperature 0.7, top-p 0.9, 31,744 tokens.",
            "open-r1",
            new SamplingSettings { Temperature = 0.7, TopP = 0.9 }, 31_744, true, [], "tenon"),
        new("justrl", "JustRL's evaluation: lighteval's prompt, temperature 0.7, top-p 0.9, 31,744 tokens.", "lighteval",
            new SamplingSettings { Temperature = 0.7, TopP = 0.9 }, 31_744, true, [], "tenon"),
        new("lm-eval", "lm-evaluation-harness on AIME: a plain question, greedy, 32,768 tokens, no chat template.", "question",
            new SamplingSettings { Temperature = 0 }, 32_768, false, ["Question:"], "tenon"),
    ];

    /// <summary>Finds a protocol; a usage error lists the names.</summary>
    public static EvaluationProtocol Find(string name) =>
        All.FirstOrDefault(p => p.Name == name) ?? throw new TenonException("--protocol", string.Join(", ", All.Select(p => p.Name)), name,
            Nearest.Of(name, All.Select(p => p.Name)) is { } near ? $"did you mean {near}?" : null, usage: true);
}
