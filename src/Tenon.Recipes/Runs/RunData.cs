using Tenon.Rewards;
using Tenon.Rewards.Data;
using Tenon.Rewards.Tasks;
using Tenon.Rollouts;
using Tenon.Rollouts.Data;
using Tenon.Runs;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>The problems of a run: one file or task, or a mix of several sources and levels; and those it holds out.</summary>
internal static class RunData
{
    /// <summary>The problems; what is odd about a file goes to the notices.</summary>
    /// <param name="data">What the recipe says.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="notices">Takes what a person should know.</param>
    /// <param name="home">Where relative paths begin.</param>
    /// <param name="anyGold">True where a gold may be any JSON.</param>
    /// <param name="steps">Steps of the run.</param>
    /// <param name="model">The model, whose own prompt <c>default</c> is.</param>
    public static ProblemSource Problems(DataSettings data, ulong seed, List<string>? notices = null, RunHome? home = null,
        bool anyGold = false, int steps = 1, string model = "")
    {
        if (data.Sources.Count == 0 && data.Task is { Level.Count: 1 } task)
            return ProblemSource.Of(task.CreateChecked(), task.Level.First, seed);
        if (data.Sources.Count == 0 && data.Task is null) return File(data.AllSources[0], seed, 0, notices, home, anyGold);
        var names = Names(data);
        return new ProblemMix([.. data.AllSources.Select((source, i) => new DataSource(names[i], source.Weight)
        {
            File = source.Task is null ? File(source, seed, (uint)i, notices, home, anyGold) : null,
            Task = source.Task?.CreateChecked(),
            Levels = source.Task?.Level ?? new LevelRange(1),
            Curriculum = source.Task?.Curriculum,
            Prompt = source.Prompt is { } prompt ? Prompts.Of(prompt, model) : null,
            System = source.System,
        })], seed, steps);
    }

    /// <summary>Problems of the run's tasks that are never trained on: the tasks and their levels by turns.</summary>
    public static IReadOnlyList<Problem> HeldOut(DataSettings data, ulong seed, int count, string model = "")
    {
        var (names, sources) = (Names(data), data.AllSources);
        var tasks = sources.Select((source, i) => (Source: source, Index: i)).Where(pair => pair.Source.Task is not null).ToList();
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var (source, index) = tasks[i % tasks.Count];
            var (levels, number) = (source.Task!.Level, i / tasks.Count);
            var level = levels.First + number % levels.Count;
            var problem = source.Task.CreateChecked().Draw(level, seed, number, Split.Eval);
            return data.Sources.Count == 0 ? problem : problem with
            {
                System = source.System,
                Origin = new(index, names[index], level, source.Prompt is { } prompt ? Prompts.Of(prompt, model) : null),
            };
        })];
    }

    /// <summary>The judge of problems whose recipe names none: a task's own, <c>math</c> for a file, each source's own in a mix.</summary>
    public static IReward Checker(DataSettings data)
    {
        if (data.Sources.Count == 0) return data.Task is { } task ? task.CreateChecked().Checker : RewardFinder.Create("math");
        return new SourceChecker([.. data.AllSources
            .Select(source => source.Task is { } own ? own.CreateChecked().Checker : RewardFinder.Create("math"))]);
    }

    /// <summary>What ids and metrics call the sources: their names, with the level or a number where two would have the same.</summary>
    public static IReadOnlyList<string> Names(DataSettings data)
    {
        var names = data.AllSources.Select(source => source.NameOrDefault()).ToList();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < names.Count; i++)
        {
            var (name, source) = (names[i], data.AllSources[i]);
            if (names.Count(other => other == name) > 1 && source is { Name: null, Task.Level: { Count: 1 } level })
                name = $"{name}-{level}";
            for (var number = 2; !taken.Add(name); number++) name = $"{names[i]}-{number}";
            names[i] = name;
        }

        return names;
    }

    private static ProblemSource File(SourceSettings source, ulong seed, uint number, List<string>? notices, RunHome? home, bool anyGold)
    {
        var columns = new ProblemColumns
        {
            Problem = source.ProblemColumn, Answer = source.AnswerColumn, Id = source.IdColumn, Solution = source.SolutionColumn,
            AnyGold = anyGold,
        };
        var file = ProblemFile.Read((home ?? RunHome.Here).PathOf(source.Train!), columns);
        notices?.AddRange(file.Notices);
        var problems = source.Limit is { } limit ? [.. file.Problems.Take(limit)] : file.Problems;
        return ProblemSource.Of(problems, seed, source.Shuffle, number);
    }
}

/// <summary>Judges each problem of a mix as its source does; one of no source, as <c>math</c> does.</summary>
internal sealed class SourceChecker(IReadOnlyList<IReward> checkers) : IReward
{
    private readonly IReward _other = RewardFinder.Create("math");

    public string Name => "checker";

    public bool IsOutcome => true;

    public bool ReadsAnyGold => checkers.Any(checker => checker.ReadsAnyGold);

    public Verdict Judge(Problem problem, in Completion completion) =>
        (problem.Origin is { } origin ? checkers[origin.Source] : _other).Judge(problem, completion);
}
