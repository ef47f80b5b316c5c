using System.Runtime.CompilerServices;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Models;
using Tenon.Tensors;

namespace Tenon.Adapters;

/// <summary>Keys that every recipe may hold and not every method has a use for.</summary>
[Flags]
public enum SharedKeys
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary><c>rank</c> and <c>rank-pattern</c>.</summary>
    Rank = 1,

    /// <summary><c>alpha</c> and <c>alpha-pattern</c>.</summary>
    Alpha = 2,

    /// <summary><c>dropout</c>.</summary>
    Dropout = 4,
}

/// <summary>
/// A PEFT method: one file, found by its type. It makes the parts of each layer; what all methods have in common lives in
/// <see cref="AdapterSet"/>.
/// </summary>
public abstract class AdapterMethod
{
    private static readonly Found<AdapterMethod> S_found = new("adapter method",
        Found.Made<AdapterMethod>().Select(method => KeyValuePair.Create(method.Name, method)));

    private static readonly ConditionalWeakTable<AdapterSettings, ISettings> S_read = [];

    /// <summary>Its name in recipes.</summary>
    public abstract string Name { get; }

    /// <summary>One line for a person.</summary>
    public abstract string Summary { get; }

    /// <summary>Other spellings of its name, in kebab-case.</summary>
    public virtual IReadOnlyList<string> Aliases => [];

    /// <summary>
    /// PEFT's flag on a plain LoRA that means this method, as a recipe spells it (<c>use-dora</c>); null where there is none.
    /// </summary>
    public virtual string? LoraFlag => null;

    /// <summary>True where PEFT has it as a start of LoRA (<c>init_lora_weights</c>) by the method's name.</summary>
    public virtual bool IsStartOfLora => false;

    /// <summary>
    /// The options of the method that a start of LoRA means (<c>pissa</c>, <c>pissa-niter-4</c>), in kebab-case; null where it is not this
    /// method.
    /// </summary>
    public virtual IReadOnlyDictionary<string, string>? OfLoraStart(string start) =>
        IsStartOfLora && start == Name ? new Dictionary<string, string>() : null;

    /// <summary>The own word of an option for another spelling of it, in kebab-case.</summary>
    public virtual string OptionWord(string option, string word) => word;

    /// <summary>Shared keys that it acts on; the others are accepted and said once to have no effect.</summary>
    public virtual SharedKeys Uses => SharedKeys.Rank | SharedKeys.Alpha | SharedKeys.Dropout;

    /// <summary>
    /// Its own options at their defaults, a record whose keys, ranges and sentences are what a recipe, the documents and <c>tenon
    /// methods</c> know of them.
    /// A recipe's key that stands neither here nor among the shared ones is refused.
    /// </summary>
    public virtual ISettings StandardOptions => new NoOptions();

    /// <summary>Start values that <c>init</c> may name; null is always the method's own.</summary>
    public virtual IReadOnlyList<string> Inits => [];

    /// <summary>True where the start looks at the run's first prompts (<see cref="AdapterStart.Calibration"/>).</summary>
    public virtual bool NeedsCalibration => false;

    /// <summary>True where whole weights are trained: what is saved is a model and no adapter.</summary>
    public virtual bool IsWhole => false;

    /// <summary>The configuration of a folder that was read, with what training changes in it.</summary>
    public virtual void Refresh(PeftConfig read, PeftConfig now)
    {
    }

    /// <summary>
    /// AdamW's learning rate on a model of hidden size 128: the best of a sweep over runs of thirty DAPO steps on the embedded model
    /// (<c>bench/method-rates.sh</c>, docs/studies/methods.md).
    /// </summary>
    protected virtual double TunedRate => 1e-3;

    /// <summary>
    /// The learning rate of a recipe that names none: <see cref="TunedRate"/> times 128 / width, to two digits. Adam's best rate falls with
    /// one over the width (Yang et al. 2022, muP), which takes
    /// LoRA from 1e-3 on the embedded model to 8e-5 on one of 1.5 billion parameters.
    /// </summary>
    public double DefaultRate(Tenon.Models.Config.ModelConfig config) =>
        double.Parse((TunedRate * 128 / config.HiddenSize).ToString("E1", System.Globalization.CultureInfo.InvariantCulture),
        System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A fresh adapter on a model, attached. Faulty settings throw with all that is wrong.</summary>
    /// <param name="model">The model.</param>
    /// <param name="settings">The settings, of this method.</param>
    /// <param name="start">What it is made from beside them; null where there is nothing.</param>
    public AdapterSet Create(CausalModel model, AdapterSettings settings, AdapterStart? start = null)
    {
        if (start is not null) settings = settings with { Start = start };
        RequireOptions(settings);
        var set = new AdapterSet("default", this, settings, model);
        Build(set);
        set.RepeatAdaptedEnds();
        AdapterExtras.AddTo(set);
        // A folder that has no place for what is trained beside the method must not be found out at the first checkpoint.
        if (settings.Start.Peft is null && (settings.Bias != "none" || settings.ModulesToSave.Count + settings.TrainableTokens.Count > 0))
            _ = PeftFolder.FreshConfig(set, "");
        return set.Attach();
    }

    /// <summary>Adds the parts of each layer (<see cref="Targets"/>) with their start values.</summary>
    protected abstract void Build(AdapterSet set);

    /// <summary>
    /// Trainable parameters of the method's own tensors on a model of these sizes, from shapes alone; null where the method does not say.
    /// Throws where the settings do not fit.
    /// </summary>
    public virtual long? Count(Tenon.Models.Config.ModelConfig config, AdapterSettings settings) => null;

    /// <summary>
    /// The method's own type in PEFT, where what its folders say is settings one by one; null where <see cref="ToPeft"/> and
    /// <see cref="FromPeft"/> say it.
    /// </summary>
    private protected virtual PeftShape? Shape => null;

    /// <summary>What PEFT's code does with its type; null where it has none of its own.</summary>
    internal virtual PeftTraits? Traits => Shape is { } shape ? new PeftTraits(shape.Type) : null;

    /// <summary>
    /// The adapter's <c>adapter_config.json</c> with the method's own fields set; targets, biases and whole modules are filled in by
    /// <see cref="PeftFolder"/>.
    /// Null where PEFT has no such type (full training).
    /// </summary>
    public virtual PeftConfig? ToPeft(AdapterSet adapter, string baseModel)
    {
        if (Shape is not { } shape) return null;
        var config = PeftAttribute.Write(PeftConfig.Create(shape.Type, baseModel), OptionsOf(adapter.Settings));
        shape.Write(config, adapter.Settings);
        Complete(config, adapter);
        return config;
    }

    /// <summary>
    /// The method's own settings from a configuration that PEFT wrote, or null where it belongs to another method. Targets and the like are
    /// filled in by
    /// <see cref="PeftFolder"/>.
    /// </summary>
    public virtual AdapterSettings? FromPeft(PeftConfig config)
    {
        if (Shape is not { } shape || config.PeftType != shape.Type) return null;
        var settings = shape.Read(config)
            with
        { Method = Name, Options = AdapterSettings.Texts(PeftAttribute.Read(StandardOptions.GetType(), config)) };
        return Complete(settings, config);
    }

    /// <summary>What of the configuration is no setting as it stands.</summary>
    private protected virtual void Complete(PeftConfig config, AdapterSet adapter)
    {
    }

    /// <summary>What the configuration says in other words than the settings.</summary>
    private protected virtual AdapterSettings Complete(AdapterSettings settings, PeftConfig config) => settings;

    /// <summary>What goes into <c>adapter_model.safetensors</c>.</summary>
    public virtual IEnumerable<SafetensorsEntry> FileTensors(AdapterSet adapter) =>
        adapter.Tensors.DistinctBy(t => t.Name).Select(t => SafetensorsEntry.FromFloats(t.Name, t.Tensor.Dimensions, t.Tensor.ToArray()));

    /// <summary>Reads back what <see cref="FileTensors"/> gives; <paramref name="folder"/> names it in errors.</summary>
    public virtual void ReadTensors(AdapterSet adapter, SafetensorsFile file, string folder) =>
        PeftFolder.ReadAll(adapter.Tensors, file, folder, Name);

    /// <summary>
    /// True where PEFT's two files do not hold all that going on needs (frozen factors, a start that was subtracted, masked values):
    /// Tenon's own record then stands beside them.
    /// </summary>
    public virtual bool KeepsRecord(AdapterSet adapter) => adapter.PrivateTensors.Any();

    /// <summary>When an optimizer of a run of so many updates is made: fits what is scheduled to it.</summary>
    public virtual void BeforeRun(AdapterSet adapter, long updates)
    {
    }

    /// <summary>
    /// After the gradient of an optimizer step is complete and before it is clipped: adds the gradient of the method's own penalty terms.
    /// Returns the penalty's value.
    /// </summary>
    public virtual double AddPenalty(AdapterSet adapter) => 0;

    /// <summary>After an optimizer step, while its gradients (after clipping) still stand: schedules inside the method.</summary>
    public virtual void AfterStep(AdapterSet adapter, MethodStep step)
    {
    }

    /// <summary>
    /// What the method departs from the recipe's optimizer in, by parameter: learning-rate factors, weight decay, a transform of the
    /// gradient.
    /// </summary>
    public virtual IReadOnlyDictionary<Parameter, OptimizerPart> OptimizerParts(AdapterSet adapter) =>
        new Dictionary<Parameter, OptimizerPart>();

    /// <summary>All methods of this assembly, by name.</summary>
    public static IReadOnlyDictionary<string, AdapterMethod> All => S_found.All;

    /// <summary>The method of a name, or an error with the nearest one.</summary>
    public static AdapterMethod Of(string name) => S_found.Of(name);

    /// <summary>The options of some settings; texts that fit none throw, as <see cref="RequireOptions"/> says.</summary>
    internal ISettings OptionsOf(AdapterSettings settings) => S_read.GetValue(settings, given =>
    {
        var options = Read(given, out var faults);
        return faults.Count == 0 ? options : throw Faulty(faults);
    });

    /// <summary>
    /// Throws where the settings hold options or a start that the method does not have, or values out of range, with all of them.
    /// </summary>
    public void RequireOptions(AdapterSettings settings)
    {
        var options = Read(settings, out var faults);
        // PEFT's own rules govern the folders that it wrote.
        if (settings.Start.Peft is null && !settings.Start.SkipStart)
            faults.AddRange(SettingsCheck.Faults(options).Where(fault => faults.All(other => other.Key != fault.Key)));
        if (settings.Init is { } init && !Inits.Contains(init)) faults.Add(StartFault(init));
        if (faults.Count > 0) throw Faulty(faults);
    }

    /// <summary>The fault of a start that the method does not have.</summary>
    public SettingsFault StartFault(string init) => Inits.Count == 0
        ? new SettingsFault("init", $"'{init}' is no choice", $"null: method '{Name}' starts in one way only")
        : SettingsCheck.NoChoice("init", init, Inits);

    private ISettings Read(AdapterSettings settings, out List<SettingsFault> faults)
    {
        var placed = new List<PlacedFault>();
        var options = SettingsReader.Options(StandardOptions, settings.Options, placed);
        faults = [.. placed.Select(fault => new SettingsFault(fault.Key, fault.What))];
        return options;
    }

    private TenonException Faulty(List<SettingsFault> faults) =>
        new($"adapter of method '{Name}': " + string.Join("\n  ", faults.Select(fault => $"adapter.{fault}")), usage: true);

    /// <summary>One sentence for each shared key that the settings hold and the method has no use for.</summary>
    public IEnumerable<string> Unused(AdapterSettings settings)
    {
        if (!Uses.HasFlag(SharedKeys.Rank) && (settings.Rank is not null || settings.RankPattern.Count > 0))
            yield return $"method '{Name}' has no rank: adapter.rank has no effect";
        if (!Uses.HasFlag(SharedKeys.Alpha) && (settings.Alpha is not null || settings.AlphaPattern.Count > 0))
            yield return $"method '{Name}' has no alpha: adapter.alpha has no effect";
        if (!Uses.HasFlag(SharedKeys.Dropout) && settings.Dropout > 0)
            yield return $"method '{Name}' has no dropout: adapter.dropout has no effect";
    }
}

/// <summary>A method with options of its own, a record that says their names, defaults, ranges and sentences.</summary>
/// <typeparam name="TOptions">The record.</typeparam>
public abstract class AdapterMethod<TOptions> : AdapterMethod
    where TOptions : class, ISettings, new()
{
    /// <inheritdoc/>
    public sealed override ISettings StandardOptions => new TOptions();

    /// <summary>The method's options in some settings.</summary>
    protected static TOptions OptionsIn(AdapterSettings settings) => settings.OptionsAs<TOptions>();
}

/// <summary>What a method hears after each optimizer step.</summary>
/// <param name="Update">Optimizer steps so far, this one included.</param>
/// <param name="Updates">Optimizer steps of the whole run.</param>
/// <param name="Report">Takes a metric (<c>adalora/budget</c>) and its value.</param>
public sealed record MethodStep(long Update, long Updates, Action<string, double> Report);

/// <summary>How the optimizer treats one parameter differently.</summary>
/// <param name="RateFactor">The learning rate is multiplied by it.</param>
/// <param name="WeightDecay">Weight decay; null is the recipe's.</param>
/// <param name="Transform">Rewrites the clipped gradient in place before any parameter of the step changes; null leaves it.</param>
/// <param name="LearningRate">The learning rate that the schedule and <paramref name="RateFactor"/> scale; null is the recipe's.</param>
/// <param name="Rule">The update rule, where a recipe's <c>adamw</c> is not meant.</param>
public sealed record OptimizerPart(double RateFactor = 1, double? WeightDecay = null, OptimizerPart.Rewrite? Transform =
    null, double? LearningRate = null, UpdateForm Rule = UpdateForm.Recipe)
{
    /// <summary>Rewrites a gradient in place.</summary>
    public delegate void Rewrite(Span<float> gradient);
}

/// <summary>Update rules that a method may ask for.</summary>
public enum UpdateForm
{
    /// <summary>The recipe's.</summary>
    Recipe,

    /// <summary>
    /// AdamW as transformers had it, in place of the recipe's <c>adamw</c>: epsilon (1e-6) beside the uncorrected root, weight decay after
    /// the step.
    /// </summary>
    PlainRootAdamW,
}
