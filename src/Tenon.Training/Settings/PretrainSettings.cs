using System.Text.Json;
using Tenon.Adapters;
using Tenon.Tensors;

namespace Tenon.Training.Settings;

/// <summary>
/// Supervised training: cross-entropy on the worked solutions of given problems, of a fresh model or of one that is there.
/// </summary>
public sealed record PretrainSettings : ISettings
{
    /// <summary>The learning rate of a recipe that names none.</summary>
    public const double DefaultRate = 2e-3;

    /// <summary>A model to go on from; null starts a fresh one as <c>architecture</c> says.</summary>
    public string? Model { get; init; }

    /// <summary>The shape of a fresh model.</summary>
    public ArchitectureSettings Architecture { get; init; } = new();

    /// <summary>Number format of frozen weights, keys and values (what is trained is float32 in all of them).</summary>
    public Precision Precision { get; init; } = Precision.F32;

    /// <summary>An adapter to train on a model that is there; null trains all weights.</summary>
    public AdapterSettings? Adapter { get; init; }

    /// <summary>The problems with their worked solutions.</summary>
    public DataSettings Data { get; init; } = new() { Prompt = "plain" };

    /// <summary>
    /// Variables of the model's chat template (<c>{ enable_thinking: false }</c>). One that the template does not read is refused.
    /// </summary>
    public IReadOnlyDictionary<string, JsonElement> Template { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>The rule that cuts a GGUF file's text before merging, where the file names none; null is the file's own.</summary>
    public string? TokenizerPre { get; init; }

    /// <summary>Problems in a step.</summary>
    [Bounds(1, 1_000_000)]
    public int Batch { get; init; } = 64;

    /// <summary>The most steps that are made; the stop rule may end the run sooner.</summary>
    [Bounds(1, 100_000_000)]
    public int Steps { get; init; } = 1000;

    /// <summary>How the gradient becomes a change of the weights.</summary>
    public OptimizerSettings Optimizer { get; init; } = new();

    /// <summary>Tokens that are in memory at once.</summary>
    [Bounds(1, 1_000_000_000)]
    public int MicroBatchTokens { get; init; } = 8192;

    /// <summary>Prompt and solution together, in tokens; a longer one is an error that names the problem.</summary>
    [Bounds(2, 10_000_000)]
    public int MaxTokens { get; init; } = 2048;

    /// <summary>When to stop before the last step.</summary>
    public StopSettings Stop { get; init; } = new();

    /// <summary>Every random number of the run follows from it.</summary>
    [Bounds(0, 9007199254740991)]
    public long Seed { get; init; } = 42;

    /// <summary>When the run's whole state is written.</summary>
    public CheckpointSettings Checkpoint { get; init; } = new();

    /// <summary>The number format in which the finished model is stored.</summary>
    [Words("f32", "bf16")]
    public string Store { get; init; } = "bf16";

    /// <summary>All faults of all keys at once.</summary>
    public IReadOnlyList<SettingsFault> Validate() => SettingsCheck.Faults(this);

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        foreach (var fault in Data.SourceFaults()) yield return fault with { Key = "data." + fault.Key };
        if (Model is null && TokenizerPre is not null)
            yield return new("tokenizer-pre", "belongs to a model that is there", "model: FILE.gguf beside it, or null");
        if (Model is null && Adapter is not null)
            yield return new("adapter", "needs a model that is there", "model: FOLDER beside it, or no adapter");
        if (Data.Memory is not null || Data.Tasks.Any(task => task.Curriculum is not null))
            yield return new("data", "has a memory or a curriculum, which follow verdicts, and pretraining has none",
                "neither; levels are drawn alike");
        if (Stop.Accuracy is not null && Data.Tasks.Count == 0)
            yield return new("stop.accuracy", "a data file has no held-out problems to measure it on", "a task, or null");
        if (Optimizer.WarmupSteps > Steps)
            yield return new("optimizer.warmup-steps", $"{Optimizer.WarmupSteps} is more than the run's {Steps} steps", $"at most {Steps}");
    }
}

/// <summary>The shape of a fresh model of the Qwen2 family with a byte-level vocabulary.</summary>
public sealed record ArchitectureSettings : ISettings
{
    /// <summary>Width of the residual stream.</summary>
    [Bounds(8, 65536)]
    public int Hidden { get; init; } = 128;

    /// <summary>Number of blocks.</summary>
    [Bounds(1, 1000)]
    public int Layers { get; init; } = 4;

    /// <summary>Query heads.</summary>
    [Bounds(1, 1024)]
    public int Heads { get; init; } = 4;

    /// <summary>Key and value heads.</summary>
    [Bounds(1, 1024)]
    public int KvHeads { get; init; } = 2;

    /// <summary>Width of the gated feed-forward layer.</summary>
    [Bounds(8, 1_000_000)]
    public int FeedForward { get; init; } = 384;

    /// <summary>The longest sequence that the model is made for.</summary>
    [Bounds(8, 10_000_000)]
    public int MaxPositions { get; init; } = 512;

    /// <summary>The base of the rotary frequencies.</summary>
    [Bounds(1, 1e12)]
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Whether the head is the embedding.</summary>
    public bool TieEmbeddings { get; init; } = true;

    /// <summary>Standard deviation of the starting weights.</summary>
    [Bounds(0, 10, Above = true)]
    public double InitStd { get; init; } = 0.02;

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (Hidden % Heads != 0) yield return new("heads", $"{Heads} does not divide hidden ({Hidden})", $"a divisor of {Hidden}");
        else if (Hidden / Heads % 2 != 0)
            yield return new("heads", $"a head of {Hidden / Heads} values cannot be rotated in pairs", "an even hidden / heads");
        if (Heads % KvHeads != 0) yield return new("kv-heads", $"{KvHeads} does not divide heads ({Heads})", $"a divisor of {Heads}");
    }
}

/// <summary>
/// When supervised training stops before its last step: the first time that the share of right answers lies at or above the bound.
/// </summary>
public sealed record StopSettings : ISettings
{
    /// <summary>Stop once so large a share of held-out problems is answered right at temperature 1; null never.</summary>
    [Bounds(0, 1)]
    public double? Accuracy { get; init; }

    /// <summary>Measured every so many steps.</summary>
    [Bounds(1, 10_000_000)]
    public int Every { get; init; } = 25;

    /// <summary>Held-out problems it is measured on.</summary>
    [Bounds(1, 1_000_000)]
    public int Problems { get; init; } = 256;

    /// <summary>The length at which an answer is cut.</summary>
    [Bounds(1, 1_000_000)]
    public int MaxNewTokens { get; init; } = 64;
}
