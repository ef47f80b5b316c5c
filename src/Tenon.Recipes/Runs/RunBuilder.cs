using System.Text.Json;
using Tenon.Adapters;
using Tenon.Evaluation.Benchmarks;
using Tenon.Evaluation.Texts;
using Tenon.Rewards;
using Tenon.Rewards.Data;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Training;
using Tenon.Training.Objectives;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>From a resolved recipe to what the trainer needs: model, adapter, problems, rewards, held-out data.</summary>
internal static class RunBuilder
{
    /// <summary>
    /// Opens everything that the recipe names; a run that goes on (<paramref name="resumed"/>) reads its adapter from its last checkpoint
    /// next.
    /// </summary>
    /// <param name="settings">The recipe.</param>
    /// <param name="resumed">The run that goes on; null for one that begins.</param>
    /// <param name="from">Where relative paths are at home.</param>
    /// <param name="open">Opens the model; null reads its files.</param>
    public static TrainingSetup Build(RunSettings settings, RunFolder? resumed = null, RunHome? from = null,
        Func<RunSettings, RunHome, LanguageModel>? open = null)
    {
        var home = from ?? RunHome.Here;
        var rewards = Rewards(settings.Reward, settings.Data);
        var notices = new List<string>();
        var anyGold = rewards.Exists(r => r.Reward.ReadsAnyGold);
        var problems = RunData.Problems(settings.Data, (ulong)settings.Seed, notices, home, anyGold, settings.Steps, settings.Model);
        var heldOut = HeldOut(settings, notices, home, anyGold);
        var texts = settings.Evaluate.Texts.Select(path => TextCorpus.Read(home.PathOf(path))).ToList();
        var loaded = (open ?? Open)(settings, home);
        notices.AddRange(loaded.Notices);
        if (settings.Rollout.MaxNewTokens >= loaded.Model.MaxLength)
            throw new TenonException($"rollout.max-new-tokens with model '{settings.Model}'",
                $"below the model's context of {loaded.Model.MaxLength} tokens, so that a prompt fits before it",
                $"{settings.Rollout.MaxNewTokens}", usage: true);
        var adapter = Adapter(settings, loaded, problems, resumed, home);
        notices.AddRange(adapter.Start.Notices);
        if (settings.Objective is { DistilsVocabulary: true, Teacher: not Teacher.Model, TeacherPolicy: not TeacherPolicy.Base }
            && loaded.Model.Head.Slot is not null)
            throw new TenonException("objective.teacher-signal: full-vocabulary",
                $"an adapter that leaves {loaded.Model.Head.Path} as it is",
                $"{adapter.Method.Name}, which trains it: the teacher's head would have to be a copy of its own",
                "objective.teacher-policy: base, another adapter.method or targets, or teacher-signal: log-ratio", usage: true);
        if (resumed is null && settings.Adapter.From is null) notices.AddRange(adapter.Method.Unused(settings.Adapter));
        if (settings.Adapter.From is not null && settings.Objective is { NeedsReference: true, KlReference: KlReference.Base })
            notices.Add("objective.kl-reference: base pulls the adapter of adapter.from back to the model without one; start holds it "
                + "where it began");
        if (settings.Update.KeepActivations.Bytes > 0 && MemoryPlan.WhyNothingIsKept(settings, adapter) is { } why)
            notices.Add($"update.keep-activations does nothing here: {why}");
        return new TrainingSetup
        {
            Settings = settings.Resolved(adapter.Method.DefaultRate(loaded.Model.Config)),
            Model = loaded.Model,
            Encoder = loaded.Encoder,
            EndTokens = loaded.EndTokens,
            Adapter = adapter,
            Problems = problems,
            Rewards = rewards,
            Objective = settings.Objective,
            HeldOut = heldOut,
            Texts = texts,
            Tokenizer = loaded.Tokenizer,
            TeacherModel = TeacherFinder.Open(settings, loaded, home),
            Notices = [.. notices, .. ObjectiveValidation.Warnings(settings)],
        };
    }

    /// <summary>The recipe's model, from its files.</summary>
    public static LanguageModel Open(RunSettings settings, RunHome home) =>
        LanguageModel.Open(home.PathOf(settings.Model), settings.Precision, LongestOf(settings), settings.Data.ChatTemplate,
            settings.Template, settings.TokenizerPre);

    /// <summary>Tokens of the longest sequence that the recipe lets come about.</summary>
    public static int LongestOf(RunSettings settings)
    {
        var (rollout, objective) = (settings.Rollout, settings.Objective);
        int[] longest =
        [
            rollout.MaxPromptTokens + Math.Max(rollout.MaxNewTokens, settings.Evaluate.MaxNewTokens ?? 0),
            settings.Evaluate.Texts.Count == 0 ? 0 : TextSettings.UsualWindow,
            objective.Teacher is Teacher.Solution or Teacher.OwnAnswer ? objective.TeacherMaxTokens + rollout.MaxNewTokens : 0,
        ];
        return longest.Max();
    }

    /// <summary>The columns that the recipe names for its training data.</summary>
    private static ProblemColumns Columns(DataSettings data) =>
        new() { Problem = data.ProblemColumn, Answer = data.AnswerColumn, Id = data.IdColumn, Solution = data.SolutionColumn };

    /// <summary>A benchmark's columns: its own; else the training data's where the file has them, else the usual names.</summary>
    private static ProblemColumns Columns(string benchmark, RunSettings settings) =>
        settings.Evaluate.Columns?.GetValueOrDefault(benchmark) is { } own
            ? new ProblemColumns
            {
                Problem = own.ProblemColumn, Answer = own.AnswerColumn, Id = own.IdColumn,
                Solution = settings.Data.SolutionColumn
            }
            : new ProblemColumns { Before = Columns(settings.Data), Solution = settings.Data.SolutionColumn };

    private static IReadOnlyList<Problem> ReadFile(string path, ProblemColumns columns, List<string>? notices)
    {
        var file = ProblemFile.Read(path, columns);
        notices?.AddRange(file.Notices);
        return file.Problems;
    }

    public static List<WeightedReward> Rewards(IReadOnlyList<RewardSettings> settings, DataSettings data)
    {
        var rewards = settings.Select(s => new WeightedReward(Reward(s, data), s.Weight)).ToList();
        if (!rewards.Exists(r => r.Reward.IsOutcome))
            rewards.Insert(0, new WeightedReward(RunData.Checker(data)));
        return rewards;
    }

    private static IReward Reward(RewardSettings reward, DataSettings data)
    {
        if (reward.Name == RewardSettings.TaskChecker && data.Tasks.Count > 0) return RunData.Checker(data);
        var options = reward.Options?.ToDictionary(o => o.Key, o => (object?)o.Value) ?? [];
        // A reward that wraps another wraps the task's own checker, unless the recipe says which.
        if (reward.Name == "cosine-length" && data.Tasks.Count == data.AllSources.Count
            && data.Tasks.Select(one => one.Name).Distinct().ToList() is [var task]
            && options.GetValueOrDefault("of") is null or JsonElement { ValueKind: JsonValueKind.Null }) options["of"] = task;
        return RewardFinder.Create(reward.Name, options);
    }

    private static List<Benchmark> HeldOut(RunSettings settings, List<string> notices, RunHome home, bool anyGold)
    {
        var result = new List<Benchmark>();
        foreach (var text in settings.Evaluate.Benchmarks)
        {
            BenchmarkName.TryParse(text, out var name);
            result.Add(TaskBenchmarks.Find(name.Name) is { } other
                ? TaskBenchmarks.Of(text, name.Samples, other, (ulong)settings.Evaluate.Seed, settings.Evaluate.Problems)
                : new Benchmark(text, name.Samples, HeldOutProblems(name.Name, settings, notices, home, anyGold)));
        }

        return result;
    }

    /// <summary>The problems of a benchmark as the recipe names it.</summary>
    public static IReadOnlyList<Problem> HeldOutProblems(string name, RunSettings settings, List<string> notices, RunHome home,
        bool anyGold)
    {
        if (settings.Data.Tasks.Count > 0 && name == "held-out")
            return RunData.HeldOut(settings.Data, (ulong)settings.Evaluate.Seed,
                settings.Evaluate.Problems ?? EvaluateSettings.HeldOutProblems, settings.Model);

        var path = DataTable.Locate(name, settings.Evaluate.Data, home.PathOf);
        var problems = ReadFile(path, Columns(name, settings) with { AnyGold = anyGold }, notices);
        return settings.Evaluate.Problems is { } limit ? [.. problems.Take(limit)] : problems;
    }

    /// <summary>Keys that the methods of this version do not act on are refused: a run never silently does something else.</summary>
    private static AdapterSet Adapter(RunSettings settings, LanguageModel loaded, ProblemSource problems, RunFolder? resumed, RunHome home)
    {
        var recipe = settings.Adapter;
        // The checkpoint of a run that goes on holds all of the adapter; the folder that it began from may be gone.
        if (recipe.From is { } folder)
            return PeftFolder.Load(loaded.Model, resumed?.NewestCheckpoint().Step is { } step ? resumed.CheckpointFolder(step)
                : home.PathOf(folder));
        var method = AdapterMethod.Of(recipe.Method);
        var start = new AdapterStart
        {
            SkipStart = resumed?.NewestCheckpoint().Step is { } last && PeftFolder.HasRecord(resumed.CheckpointFolder(last)),
            Calibration = method.NeedsCalibration ? FirstPrompts(settings, loaded, problems) : null,
        };
        return method.Create(loaded.Model, recipe with { Seed = recipe.Seed ?? settings.Seed }, start);
    }

    /// <summary>Prompts from the run's first on, until they hold this many tokens.</summary>
    private static List<int[]> FirstPrompts(RunSettings settings, LanguageModel loaded, ProblemSource problems, int tokens = 1024)
    {
        var prompts = new List<int[]>();
        var encode = new ProblemPrompts(loaded.Encoder, Prompts.Of(settings.Data.Prompt, settings.Model), settings.Data.System);
        for (long cursor = 0; cursor < tokens && prompts.Sum(p => p.Length) < tokens; cursor++)
        {
            var ids = encode.Of(problems.At(cursor), 0).Prompt;
            if (ids.Length <= settings.Rollout.MaxPromptTokens && ids.Length <= loaded.Model.MaxLength) prompts.Add(ids);
        }

        return prompts;
    }

    /// <summary>What <c>run.json</c> says of a run.</summary>
    public static RunDescription Describe(TrainingSetup setup) =>
        RunIdentity.Of("train", setup.Settings, setup.Settings.Precision, setup.Model, setup.Adapter, setup.Settings.Data) with
        {
            TeacherFingerprint = setup.TeacherModel?.Fingerprint,
        };
}
