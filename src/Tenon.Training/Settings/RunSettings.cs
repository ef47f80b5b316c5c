using System.Text.Json;
using System.Text.Json.Serialization;
using Tenon.Adapters;
using Tenon.Rollouts;
using Tenon.Rollouts.Data;
using Tenon.Tensors;
using Tenon.Training.Objectives;

namespace Tenon.Training.Settings;

/// <summary>One training run, as its recipe says it: the whole of what decides the result.</summary>
public sealed record RunSettings : ISettings
{
    /// <summary>The model: a Hugging Face folder, a <c>.gguf</c> file, or <c>tiny</c> (the embedded one).</summary>
    public string Model { get; init; } = "tiny";

    /// <summary>
    /// <c>f32</c>: weights as the file has them, products in float32, the same bits on every CPU. <c>bf16</c>: matrices, keys and values
    /// are rounded to bfloat16, which halves the memory of the weights; on a CPU with AVX512_BF16 products are computed in it too, half
    /// as fast again as float32's, elsewhere in float32 of the rounded weights.
    /// <c>int8</c> (experimental): weights and activations as integers of one byte in blocks of 32, a quarter of the memory (half once
    /// there is a gradient), the same
    /// bits on every CPU, another function than float32's. <c>int8-a16</c> (experimental): the same with two integers an activation,
    /// float32's function to about four
    /// digits (docs/performance.md).
    /// </summary>
    public Precision Precision { get; init; } = Precision.F32;

    /// <summary>The adapter that is trained.</summary>
    public AdapterSettings Adapter { get; init; } = new();

    /// <summary>The problems, and how the model reads them.</summary>
    public DataSettings Data { get; init; } = new();

    /// <summary>
    /// Variables of the model's chat template (<c>{ enable_thinking: false }</c>); <c>chat_template</c> names one of several templates. One
    /// that the template does not read is refused.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> Template { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>
    /// The rule that cuts a GGUF file's text before merging (<c>llama-bpe</c>, <c>qwen2</c> ...), where the file names none; null is the
    /// file's own.
    /// </summary>
    public string? TokenizerPre { get; init; }

    /// <summary>The rewards, summed by weight; left out, a task brings its own checker and a file gets <c>math</c>.</summary>
    public IReadOnlyList<RewardSettings> Reward { get; init; } = [];

    /// <summary>Verdicts that training sees turned round on purpose, to study a faulty verifier; null is none.</summary>
    public RewardNoiseSettings? RewardNoise { get; init; }

    /// <summary>What is sampled in each step.</summary>
    public RolloutSettings Rollout { get; init; } = new();

    /// <summary>How rewards become a loss.</summary>
    [JsonConverter(typeof(PresetConverter))]
    public ObjectiveSettings Objective { get; init; } = ObjectivePresets.Named(ObjectivePresets.Default);

    /// <summary>How the gradient becomes a change of the adapter.</summary>
    public OptimizerSettings Optimizer { get; init; } = new();

    /// <summary>How a batch of completions is cut into optimizer steps and micro-batches.</summary>
    public UpdateSettings Update { get; init; } = new();

    /// <summary>How many steps the run has; each samples one batch of groups and trains on it.</summary>
    [Bounds(1, 10_000_000)]
    public int Steps { get; init; } = 200;

    /// <summary>Every random number of the run follows from it.</summary>
    [Bounds(0, 9007199254740991)]
    public long Seed { get; init; } = 42;

    /// <summary>Evaluation on held-out problems during the run.</summary>
    public EvaluateSettings Evaluate { get; init; } = new();

    /// <summary>
    /// What a step does that passes a bound of <c>divergence</c>: <c>stop</c>, <c>skip</c> the update, or go <c>back-to-checkpoint</c>; its
    /// completions are kept aside.
    /// </summary>
    public DivergenceAction OnDivergence { get; init; } = DivergenceAction.Stop;

    /// <summary>The bounds beyond which a step counts as diverged.</summary>
    public DivergenceSettings Divergence { get; init; } = new();

    /// <summary>When the run ends because held-out accuracy rises no more.</summary>
    public EarlyStopSettings EarlyStop { get; init; } = new();

    /// <summary>When the run's whole state is written, and how many of those states are kept.</summary>
    public CheckpointSettings Checkpoint { get; init; } = new();

    /// <summary>
    /// The same run with every value that follows from another filled in (rank, alpha, seeds, lengths, the learning rate of the method on
    /// its model): what <c>run.json</c> holds.
    /// </summary>
    public RunSettings Resolved(double rate) => this with
    {
        Optimizer = Optimizer.WithRate(rate),
        Adapter = Adapter.Resolved(Seed),
        Data = Data with
        {
            Prompt = Prompts.Of(Data.Prompt, Model),
            Sources = [.. Data.Sources.Select(source => source with { Prompt = source.Prompt is { } own ? Prompts.Of(own, Model) : null })],
        },
        Evaluate = Evaluate with { MaxNewTokens = Evaluate.MaxNewTokens ?? Rollout.MaxNewTokens },
    };

    /// <summary>All faults of all keys at once; empty where the run can start.</summary>
    public IReadOnlyList<SettingsFault> Validate() => SettingsCheck.Faults(this);

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (Model.Length == 0) yield return new("model", "is empty", "a Hugging Face folder, a .gguf file, or tiny");
        foreach (var fault in Data.SourceFaults()) yield return fault with { Key = "data." + fault.Key };
        if (Template.Count > 0 && Data.ChatTemplate == false)
            yield return new("template", "has variables beside data.chat-template: false", "no variables, or the chat template on");
        if (Reward.Count > 0 && Reward.All(reward => reward.Weight == 0))
            yield return new("reward", "every weight is 0", "one weight that is not 0");
        foreach (var twice in Reward.GroupBy(reward => reward.Name).Where(same => same.Count() > 1))
            yield return new("reward", $"'{twice.Key}' stands there {twice.Count()} times",
                "each reward once; its weight may be larger than 1");
        if (Objective.WantsGroups && Rollout.Group < 2)
            yield return new("rollout.group", $"a group of {Rollout.Group} has no other completion to be compared with",
                "2 or more under a group-relative advantage");
        if (Objective.Advantage == AdvantageEstimator.PassAtK && Objective.PassK >= Rollout.Group)
            yield return new("objective.pass-k", $"{Objective.PassK} of a group of {Rollout.Group} hold a right answer always or never",
                $"below rollout.group ({Rollout.Group})");
        if (Objective.Teacher == Teacher.Model && string.IsNullOrEmpty(Objective.TeacherModel))
            yield return new("objective.teacher-model", "is not given, and teacher: model asks for one",
                "a model with the policy's tokenizer");
        if (EarlyStop.Patience is not null && (Evaluate.Every == 0 || Evaluate.Benchmarks.Count == 0))
            yield return new("early-stop.patience", "counts evaluations of accuracy, and there are none during the run",
                "evaluate.every of 1 or more, with benchmarks");
        if (Optimizer.WarmupSteps > Steps)
            yield return new("optimizer.warmup-steps", $"{Optimizer.WarmupSteps} is more than the run's {Steps} steps", $"at most {Steps}");
        if (Update.Minibatches > Rollout.Prompts)
            yield return new("update.minibatches", $"{Update.Minibatches} is more than the {Rollout.Prompts} groups of a batch",
                $"1 to rollout.prompts ({Rollout.Prompts})");
        if (Update.Shards > Rollout.Prompts)
            yield return new("update.shards", $"{Update.Shards} is more than the {Rollout.Prompts} groups of a batch",
                $"1 to rollout.prompts ({Rollout.Prompts})");
        if (Update.Workers > Update.Shards)
            yield return new("update.workers", $"{Update.Workers} is more than the shards of an update",
                $"1 to update.shards ({Update.Shards})");
        foreach (var reward in Reward)
            if (reward.Name == "soft-overlong" && reward.Number("buffer") is { } buffer && buffer > Rollout.MaxNewTokens)
                yield return new("reward", $"soft-overlong: buffer {buffer} is longer than a completion may be",
                    $"at most rollout.max-new-tokens ({Rollout.MaxNewTokens})");
    }
}
