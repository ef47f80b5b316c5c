using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Checkpoints;
using Tenon.Models;
using Tenon.Models.Config;
using Tenon.Models.Decoders;
using Tenon.Models.Weights;
using Tenon.Recipes;
using Tenon.Rewards;
using Tenon.Rewards.Tasks;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Text.Prompting;
using Tenon.Text.Tokenizers;
using Tenon.Training.Pretraining;
using Tenon.Training.Settings;

namespace Tenon.Cli.Running;

/// <summary>A supervised run from its settings to the folder that it leaves.</summary>
internal sealed class PretrainSession : IDisposable
{
    private readonly PretrainSettings _settings;
    private readonly SupervisedSetup _setup;
    private readonly AdapterSet _adapter;
    private readonly TokenizerSource _tokenizer;

    private PretrainSession(PretrainSettings settings, CausalModel model, AdapterSet adapter, TokenizerSource tokenizer, int end)
    {
        _settings = settings = settings with
        {
            Optimizer = settings.Optimizer.WithRate(PretrainSettings.DefaultRate),
            Data = settings.Data with { Prompt = Prompts.Of(settings.Data.Prompt, settings.Model) },
        };
        _adapter = adapter;
        _tokenizer = tokenizer;
        var checker = settings.Data.Task is { } task ? RunBuilder.TaskOf(task).Checker : RewardFinder.Create("math");
        IReadOnlyList<Problem> heldOut = settings.Data.Task is { } t
            ? [.. Enumerable.Range(0, settings.Stop.Problems)
            .Select(i => RunBuilder.TaskOf(t).Draw(t.Level, (ulong)settings.Seed, i, Split.Eval))]
            : [];
        _setup =
            new SupervisedSetup(model, adapter, PromptEncoder.Of(tokenizer, settings.Data.ChatTemplate, settings.Template), end,
            RunBuilder.Problems(settings.Data, (ulong)settings.Seed), heldOut, checker);
    }

    /// <summary>Makes the fresh model that the recipe describes, or opens the one that it names.</summary>
    public static PretrainSession Open(PretrainSettings settings, RunHome? home = null)
    {
        if (settings.Model is { } name)
        {
            var loaded =
                LanguageModel.Open((home ?? RunHome.Here).PathOf(name), settings.Precision, settings.MaxTokens, settings.Data.ChatTemplate,
                settings.Template, settings.TokenizerPre);
            var adapter = (settings.Adapter ?? new AdapterSettings { Method = "full" })
                with
            { Seed = settings.Adapter?.Seed ?? settings.Seed };
            var method = AdapterMethod.Of(adapter.Method).Create(loaded.Model, adapter);
            return new PretrainSession(settings, loaded.Model, method, loaded.Tokenizer, loaded.EndTokens.Order().First());
        }

        var config = ConfigOf(settings.Architecture);
        using var weights = new FreshWeights(config, settings.Architecture.InitStd, (ulong)settings.Seed);
        var model =
            DecoderBuilder.Build(config, weights,
            new LoadOptions(settings.Precision, (int)Math.Min(config.MaxPositionEmbeddings, settings.MaxTokens)), "fresh");
        return new PretrainSession(settings, model, new Full().Create(model, new AdapterSettings { Method = "full" }),
            TokenizerSource.ByteLevel(), ByteLevelTokenizerFile.MessageEnd);
    }

    private static ModelConfig ConfigOf(ArchitectureSettings a) => new()
    {
        ModelType = "qwen2", HiddenSize = a.Hidden, IntermediateSize = a.FeedForward, NumHiddenLayers = a.Layers,
        NumAttentionHeads = a.Heads, NumKeyValueHeads = a.KvHeads,
        HeadDim = a.Hidden / a.Heads, VocabSize = ByteLevelTokenizerFile.VocabularySize, TieWordEmbeddings = a.TieEmbeddings,
        QkvBias = true, RopeTheta = a.RopeTheta,
        MaxPositionEmbeddings = a.MaxPositions, EosTokenIds = [ByteLevelTokenizerFile.MessageEnd],
        PadTokenId = ByteLevelTokenizerFile.EndOfText,
    };

    /// <summary>What <c>run.json</c> says of the run.</summary>
    public RunDescription Describe() => RunIdentity.Of("pretrain", _settings, _settings.Precision, _setup.Model, _adapter, _settings.Data);

    /// <summary>Refuses to go on with other numbers than the run's so far.</summary>
    public void RequireSame(RunDescription run, RunHome home, bool forced) =>
        RunIdentity.RequireSame(run, _setup.Model, _settings.Model, _settings.Data, home, forced);

    /// <summary>The trainer of the run's folder.</summary>
    public SupervisedTrainer Trainer(RunFolder folder) => new(_setup, _settings, folder);

    /// <summary>
    /// Writes what was trained beside the run's own files: a model folder for full training, an adapter folder for a method.
    /// </summary>
    public void Save(RunFolder run) => run.WriteResult(target =>
    {
        if (!_adapter.Method.IsWhole)
        {
            PeftFolder.Save(_adapter, target, _settings.Model!);
            return;
        }

        using var weights = MergedWeights.Of(_adapter);
        HuggingFaceExport.Write(target, _adapter.Model.Config, weights, _settings.Store == "bf16" ? SafetensorsType.BF16
            : SafetensorsType.F32, _tokenizer.WriteTo);
    });

    public void Dispose() => _adapter.Dispose();
}
