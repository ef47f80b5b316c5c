using System.Text.Json.Nodes;
using Tenon.MathAnswers;
using Tenon.Models.Generation;
using Tenon.Rollouts;
using Tenon.Runs.Evaluations;

namespace Tenon.Evaluation.Benchmarks;

/// <summary>How a benchmark's problems are put to a model and judged, beside the model itself.</summary>
public sealed record EvaluationSettings
{
    /// <summary>A named prompt, or a template with {problem}.</summary>
    public string Prompt { get; init; } = "boxed";

    /// <summary>A system message, or null.</summary>
    public string? System { get; init; }

    /// <summary>Worked problems that stand before each one: question and answer.</summary>
    public IReadOnlyList<(string Question, string Answer)> Shots { get; init; } = [];

    /// <summary>How tokens are chosen.</summary>
    public SamplingSettings Sampling { get; init; } = new();

    /// <summary>The length at which a completion is cut.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>A longer prompt counts as too long even where the context would hold it; null for what the context holds.</summary>
    public int? MaxPromptTokens { get; init; }

    /// <summary>Texts that end a completion; it is cut before them.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>The seed of the samples.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>What judges: a grader's name, or the recipe's rewards.</summary>
    public JsonNode Grader { get; init; } = "math";

    /// <summary>The rules of mathematical equality, name and version.</summary>
    public string Rules { get; init; } = RuleProfile.Tenon.Id;

    /// <summary>These settings for a benchmark that brings its own judge.</summary>
    public EvaluationSettings For(Benchmark benchmark) => benchmark.Grader is { } own ? this with { Grader = own } : this;

    /// <summary>
    /// Adds what these settings are to an evaluation's identity; a limit of the prompt that no prompt of the benchmark reaches is none.
    /// </summary>
    public void AddTo(JsonObject identity, int longestPrompt)
    {
        identity["prompt"] = Prompts.Fill(Prompt, "{problem}");
        identity["system"] = System;
        identity["shots"] = Shots.Count;
        identity["shots_sha256"] = Shots.Count == 0 ? null
            : EvaluationIdentity.Sha256(string.Join('\n', Shots.Select(s => EvaluationIdentity.Sha256($"{s.Question}\0{s.Answer}"))));
        identity["sampling"] = new JsonObject
        {
            ["temperature"] = Sampling.Temperature,
            ["top_p"] = Sampling.TopP,
            ["top_k"] = Sampling.TopK,
            ["min_p"] = Sampling.MinP,
            ["max_new_tokens"] = MaxNewTokens,
            ["max_prompt_tokens"] = longestPrompt > MaxPromptTokens ? MaxPromptTokens : null,
            ["stop"] = new JsonArray([.. Stop.Select(s => (JsonNode)s)]),
        };
        identity["seed"] = Seed;
        identity["grader"] = Grader.DeepClone();
        identity["rules"] = Rules;
    }
}
