using Tenon.Adapters;
using Tenon.Evaluation.Benchmarks;
using Tenon.Evaluation.Texts;
using Tenon.Models;
using Tenon.Models.Generation;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Tensors.Threads;
using Tenon.Text.Prompting;
using Tenon.Text.Tokenizers;
using Tenon.Training.Settings;

namespace Tenon.Training;

/// <summary>
/// Everything a run needs, made from its settings by whoever starts it; the trainer itself opens no model and no data file.
/// </summary>
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

    /// <summary>The model that teaches (<c>objective.teacher: model</c>), with the policy's tokenizer; else null.</summary>
    public CausalModel? TeacherModel { get; init; }

    /// <summary>Held-out problems that the recipe's evaluations run on.</summary>
    public IReadOnlyList<Benchmark> HeldOut { get; init; } = [];

    /// <summary>Texts whose perplexity the recipe's evaluations take.</summary>
    public IReadOnlyList<TextCorpus> Texts { get; init; } = [];

    /// <summary>The tokenizer with its special tokens; texts need it.</summary>
    public TokenizerSource? Tokenizer { get; init; }

    /// <summary>What a person should know before the run begins and what stops nothing (ids that a data file has twice).</summary>
    public IReadOnlyList<string> Notices { get; init; } = [];

    /// <summary>The precision of products with frozen weights.</summary>
    public Tensors.Precision Precision => Settings.Precision;

    /// <summary>Runs that share this process's memory, one model among them; automatic values take a share.</summary>
    public int RunsAtOnce { get; init; } = 1;

    /// <summary>Settings of the run's sampling.</summary>
    /// <param name="pool">The threads that sample; null for those of the caller.</param>
    /// <param name="kept">Where products are kept for training; null keeps none.</param>
    public GeneratorOptions Generation(WorkerPool? pool = null, KeptProducts? kept = null) => new()
    {
        Pool = pool,
        Kept = kept,
        Sampling = new SamplingSettings { Temperature = Settings.Rollout.Temperature },
        EndTokens = EndTokens,
        Concurrency = MemoryPlan.Concurrency(this),
        SharePrompts = Settings.Rollout.SharePrompts,
        Speculate = Settings.Rollout.Speculation == "auto",
        Precision = Precision,
    };

    /// <summary>Makes what samples the run's rollouts; null for an engine of this process.</summary>
    public Func<TrainingSetup, IGroupSampler>? Sampling { get; init; }

    /// <summary>The run's rollouts as the recipe says.</summary>
    /// <param name="sampler">The adapter that samples; null for the one that is trained.</param>
    /// <param name="store">Keeps finished groups; null keeps none.</param>
    /// <param name="pool">The threads that sample; null for those of the caller.</param>
    /// <param name="kept">Where products are kept for training; null keeps none.</param>
    public IRolloutSource LocalRollouts(AdapterSet? sampler = null, IGroupStore? store = null, WorkerPool? pool = null,
        KeptProducts? kept = null)
    {
        var rollout = Settings.Rollout;
        var prompts = new ProblemPrompts(Encoder, Settings.Data.Prompt, Settings.Data.System);
        return new LocalRollouts(Model, prompts, Problems, Rewards, sampler ?? Adapter, Generation(pool, kept), new RolloutPlan
        {
            Prompts = rollout.Prompts,
            Group = rollout.Group,
            MaxNewTokens = rollout.MaxNewTokens,
            MaxPromptTokens = rollout.MaxPromptTokens,
            DynamicSampling = rollout.DynamicSampling,
            MaxRounds = rollout.MaxRounds,
            CarrySurplus = rollout.Surplus == "carry",
            GreedyBaseline = Objective.Advantage == Objectives.AdvantageEstimator.GreedyBaseline,
            Memory = Settings.Data.Memory,
            Replay = rollout.Replay,
            RewardNoise = Settings.RewardNoise,
            Seed = (ulong)Settings.Seed,
        }, store, Sampling?.Invoke(this));
    }

    /// <summary>Ends the rewards that run programs of their own.</summary>
    public void Dispose()
    {
        foreach (var reward in Rewards) (reward.Reward as IDisposable)?.Dispose();
    }
}
