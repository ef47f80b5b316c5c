using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Models;
using Tenon.Models.Config;
using Tenon.Models.Decoders;
using Tenon.Models.Weights;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Text.Prompting;
using Tenon.Text.Tokenizers;
using Tenon.Training;
using Tenon.Training.Pretraining;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>
/// A supervised run with its folder: cross-entropy on worked solutions, for a fresh model or as the cold start of one that is there. As a
/// <see cref="TrainingRun"/> it goes on from its folder to the same bits.
/// </summary>
public sealed class SupervisedRun : IDisposable
{
    private readonly PretrainSettings _settings;
    private readonly SupervisedSetup _setup;
    private readonly TokenizerSource _tokenizer;
    private RunFolder? _folder;
    private bool _resumed;

    private SupervisedRun(PretrainSettings settings, CausalModel model, AdapterSet adapter, TokenizerSource tokenizer, int end)
    {
        _settings = settings = settings with
        {
            Optimizer = settings.Optimizer.WithRate(PretrainSettings.DefaultRate),
            Data = settings.Data with { Prompt = Prompts.Of(settings.Data.Prompt, settings.Model) },
        };
        _tokenizer = tokenizer;
        var checker = RunData.Checker(settings.Data);
        var heldOut = settings.Data.Tasks.Count > 0
            ? RunData.HeldOut(settings.Data, (ulong)settings.Seed, settings.Stop.Problems, settings.Model ?? "") : [];
        _setup =
            new SupervisedSetup(model, adapter, PromptEncoder.Of(tokenizer, settings.Data.ChatTemplate, settings.Template), end,
            RunData.Problems(settings.Data, (ulong)settings.Seed, model: settings.Model ?? ""), heldOut, checker);
    }

    /// <summary>The run's folder; at the run's end the model or adapter is in it too.</summary>
    public string Folder => Opened.Folder;

    /// <summary>The settings as they run.</summary>
    public PretrainSettings Settings => _settings;

    /// <summary>What a person should know before it starts.</summary>
    public IReadOnlyList<string> Notices { get; private set; } = [];

    /// <summary>The command of the program that goes on with this run.</summary>
    public string ResumeCommand => Opened.ResumeCommand();

    private RunFolder Opened => _folder ?? throw new InvalidOperationException("the run has no folder yet");

    /// <summary>Makes the fresh model that the recipe describes, or opens the one that it names, and makes the run's folder.</summary>
    /// <exception cref="TenonException">The recipe has faults, a file cannot be read, or the folder holds a run.</exception>
    public static SupervisedRun Create(Recipe recipe, string folder)
    {
        var run = Of(recipe.Read<PretrainSettings>(), RunHome.Here);
        try
        {
            run._folder = RunFolder.Create(folder, RunIdentity.Of("pretrain", run._settings, run._settings.Precision, run._setup.Model,
                run._setup.Adapter, run._settings.Data));
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Opens a run's folder to go on after its newest whole checkpoint; without one it starts at step 0.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="options">What it is told anew; null for nothing.</param>
    /// <exception cref="TenonException">No run, a damaged one, or one whose model, data or numerics have changed.</exception>
    public static SupervisedRun Resume(string folder, ResumeOptions? options = null) =>
        BegunRun<PretrainSettings>.Open(folder, "pretrain", options ?? new ResumeOptions(), begun =>
        {
            var run = Of(begun.Settings, begun.Home);
            (run._folder, run._resumed, run.Notices) = (begun.Folder, true, begun.Notices);
            return (run, run._setup.Model, run._settings.Model, run._settings.Data);
        });

    /// <summary>
    /// Trains to the last step, to the stop rule, or until <paramref name="stop"/> asks for an end; at the run's end what was trained
    /// stands in its folder: a model folder for full training, an adapter folder for a method.
    /// </summary>
    /// <param name="events">Hears what happens; on the thread that trains.</param>
    /// <param name="stop">Asks for an end after the step at hand.</param>
    /// <exception cref="TenonException">The disk is full, or a problem has no worked solution; what is on disk is whole.</exception>
    public void Train(Action<TrainingEvent>? events = null, CancellationToken stop = default)
    {
        events ??= _ => { };
        var trainer = new SupervisedTrainer(_setup, _settings, Opened);
        if (_resumed) trainer.Resume(text => events(new Remark(text)));
        trainer.Run(events, stop);
        if (trainer.IsDone) Opened.WriteResult(Save);
    }

    private static SupervisedRun Of(PretrainSettings settings, RunHome home)
    {
        if (settings.Model is { } name)
        {
            var loaded =
                LanguageModel.Open(home.PathOf(name), settings.Precision, settings.MaxTokens, settings.Data.ChatTemplate,
                settings.Template, settings.TokenizerPre);
            var adapter = (settings.Adapter ?? AdapterSettings.Whole)
                with
            { Seed = settings.Adapter?.Seed ?? settings.Seed };
            var method = AdapterMethod.Of(adapter.Method).Create(loaded.Model, adapter);
            return new SupervisedRun(settings, loaded.Model, method, loaded.Tokenizer, loaded.EndTokens.Order().First());
        }

        var config = ConfigOf(settings.Architecture);
        using var weights = new FreshWeights(config, settings.Architecture.InitStd, (ulong)settings.Seed);
        var model =
            DecoderBuilder.Build(config, weights,
            new LoadOptions(settings.Precision, (int)Math.Min(config.MaxPositionEmbeddings, settings.MaxTokens)), "fresh");
        return new SupervisedRun(settings, model, AdapterMethod.Of(AdapterSettings.Whole.Method).Create(model, AdapterSettings.Whole),
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

    private void Save(string target)
    {
        if (!_setup.Adapter.Method.IsWhole)
        {
            PeftFolder.Save(_setup.Adapter, target, _settings.Model!);
            return;
        }

        using var weights = MergedWeights.Of(_setup.Adapter);
        HuggingFaceExport.Write(target, _setup.Model.Config, weights, _settings.Store == "bf16" ? SafetensorsType.BF16
            : SafetensorsType.F32, _tokenizer.WriteTo);
    }

    /// <summary>Gives the folder free for others, and the adapter's place in the model.</summary>
    public void Dispose()
    {
        _folder?.Dispose();
        _setup.Adapter.Dispose();
    }
}
