using Tenon.Adapters;
using Tenon.Models;
using Tenon.Text.Prompting;
using Tenon.Training.Rollouts;
using Tenon.Training.Settings;

namespace Tenon.Training;

/// <summary>Everything a run needs, made from its settings by whoever starts it; the trainer itself opens no model and no data file.</summary>
public sealed record TrainingSetup : IDisposable
{
    /// <summary>The resolved recipe.</summary>
    public required RunSettings Settings { get; init; }

    /// <summary>The base model, loaded for this run's precision and maximum length.</summary>
    public required CausalModel Model { get; init; }

    /// <summary>Tokenizer and template.</summary>
    public required PromptEncoder Encoder { get; init; }

    /// <summary>Ids that end a completion.</summary>
    public required IReadOnlySet<int> EndTokens { get; init; }

    /// <summary>The adapter that is trained, attached to the model.</summary>
    public required AdapterSet Adapter { get; init; }

    /// <summary>Where problems come from.</summary>
    public required ProblemSource Problems { get; init; }

    /// <summary>The rewards, at least one of them an outcome.</summary>
    public required IReadOnlyList<WeightedReward> Rewards { get; init; }

    /// <summary>The objective with all overrides applied.</summary>
    public required Objectives.ObjectiveSettings Objective { get; init; }

    /// <summary>Held-out problems that the recipe's evaluations run on.</summary>
    public IReadOnlyList<HeldOut> HeldOut { get; init; } = [];

    /// <summary>What a person should know before the run begins and what stops nothing (ids that a data file has twice).</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>Ends the rewards that run programs of their own.</summary>
    public void Dispose()
    {
        foreach (var reward in Rewards) (reward.Reward as IDisposable)?.Dispose();
    }
}

/// <summary>A benchmark as the trainer runs it.</summary>
/// <param name="Name">The recipe's <c>NAME@K</c>.</param>
/// <param name="Samples">K.</param>
/// <param name="Problems">The problems, in order.</param>
public sealed record HeldOut(string Name, int Samples, IReadOnlyList<Tenon.Rewards.Problem> Problems);
