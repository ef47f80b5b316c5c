using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.Evaluation.Benchmarks;
using Tenon.MathAnswers;
using Tenon.Recipes;
using Tenon.Rewards;
using Tenon.Rewards.Data;
using Tenon.Rollouts;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Cli.Commands.Options;

/// <summary>The options of an evaluation's protocol: what is given counts, then a run's recipe, then the named protocol.</summary>
internal sealed class EvalOptions
{
    private readonly Option<string> _protocol =
        new("--protocol")
        {
            Description = $"a way of evaluating by name: {Names}",
            DefaultValueFactory = _ => EvaluationProtocol.All[0].Name
        };
    private readonly Option<string?> _prompt =
        new("--prompt") { Description = $"{string.Join(", ", Prompts.Names)}, or a template with {{problem}}" };
    private readonly Option<string?> _system = new("--system") { Description = "a system message" };
    private readonly Option<int> _shots = new("--few-shot") { Description = "so many worked problems of --few-shot-file before each one" };
    private readonly Option<string?> _shotFile = new("--few-shot-file") { Description = "the data file of the worked problems" };
    private readonly Option<double?> _temperature = new("--temperature") { Description = "sampling temperature; 0 is greedy" };
    private readonly Option<double?> _topP = new("--top-p") { Description = "keep the best tokens whose mass reaches p; 1 is off" };
    private readonly Option<int?> _topK = new("--top-k") { Description = "keep the k best tokens; 0 is off" };
    private readonly Option<double?> _minP =
        new("--min-p") { Description = "keep tokens of this share of the best one's probability; 0 is off" };
    private readonly Option<string[]> _stop = new("--stop") { Description = "a text that ends an answer; may be given several times" };
    private readonly Option<int?> _maxNewTokens =
        new("--max-new-tokens")
        {
            Description =
        "longest answer in tokens; 512 by default, or half of the model's context where that is less"
        };
    private readonly Option<int?> _maxPromptTokens =
        new("--max-prompt-tokens")
        {
            Description =
        "longer prompts count as too long, wrong and truncated; by default those that leave no room in the context"
        };
    private readonly Option<bool?> _template = new("--chat-template") { Description = "false leaves the model's chat template out" };
    private readonly Option<string?> _grader = new("--grader") { Description = "what judges: math, or another outcome reward by name" };
    private readonly Option<string?> _profile =
        new("--profile") { Description = $"rules of mathematical equality: {string.Join(", ", RuleProfile.All.Select(p => p.Name))}" };

    public EvalOptions(Command verb)
    {
        foreach (var option in
            new Option[] { _protocol, _prompt, _system, _shots, _shotFile, _temperature, _topP, _topK, _minP, _stop, _maxNewTokens,
            _maxPromptTokens, _template, _grader, _profile })
            verb.Options.Add(option);
    }

    private static string Names => string.Join(", ", EvaluationProtocol.All.Select(p => p.Name));

    /// <summary>Whether prompts go through the model's chat template: false leaves it out.</summary>
    public bool? ChatTemplate(ParseResult call, RunSettings? recipe) =>
        call.GetValue(_template)
        ?? (recipe is not null ? recipe.Data.ChatTemplate : EvaluationProtocol.Find(call.GetValue(_protocol)!).ChatTemplate ? null : false);

    /// <summary>The settings for a model (its word) with a context of so many tokens.</summary>
    public EvaluationSettings Settings(ParseResult call, RunSettings? recipe, string model, ulong seed, int context)
    {
        var protocol = EvaluationProtocol.Find(call.GetValue(_protocol)!);
        var start = recipe is not null ? RunEvaluations.SettingsOf(recipe) : new EvaluationSettings
        {
            Prompt = protocol.Prompt, Sampling = protocol.Sampling, Stop = protocol.Stop, MaxNewTokens = protocol.MaxNewTokens
            ?? Math.Min(512, Math.Max(1, context / 2)),
        };
        var prompt = Prompts.Of(call.GetValue(_prompt) ?? start.Prompt, model);
        if (!Prompts.IsKnown(prompt))
            throw new TenonException("--prompt", $"{string.Join(", ", Prompts.Names)}, or a text with {{problem}}", prompt, usage: true);
        var settings = start with
        {
            Prompt = prompt,
            System = call.GetValue(_system) ?? start.System,
            Shots = Shots(call),
            Sampling = start.Sampling with
            {
                Temperature = call.GetValue(_temperature) ?? start.Sampling.Temperature,
                TopP = call.GetValue(_topP) ?? start.Sampling.TopP,
                TopK = call.GetValue(_topK) ?? start.Sampling.TopK,
                MinP = call.GetValue(_minP) ?? start.Sampling.MinP,
            },
            MaxNewTokens = Positive("--max-new-tokens", call.GetValue(_maxNewTokens)) ?? start.MaxNewTokens,
            MaxPromptTokens = Positive("--max-prompt-tokens", call.GetValue(_maxPromptTokens)) ?? start.MaxPromptTokens,
            Stop = call.GetValue(_stop) is { Length: > 0 } stop ? stop : start.Stop,
            Seed = seed,
        };
        var faults = settings.Sampling.Validate().ToList();
        if (faults.Count > 0) throw new TenonException("sampling options", got: string.Join("; ", faults), usage: true);
        if (settings.Stop.Any(s => s.Length == 0)) throw new TenonException("--stop", "a text", "an empty one", usage: true);
        return Grader(call, recipe) is var (grader, rules, _) && grader is not null ? settings with { Grader = grader, Rules = rules }
            : settings;
    }

    /// <summary>True where the call itself says what judges.</summary>
    public bool HasGrader(ParseResult call) => call.GetValue(_grader) is not null || call.GetValue(_profile) is not null;

    /// <summary>What judges.</summary>
    public IReadOnlyList<WeightedReward> Rewards(ParseResult call, RunSettings? recipe) =>
        Grader(call, recipe) is (not null, _, var reward) ? [new WeightedReward(reward!)] : RunBuilder.Rewards(recipe!.Reward, recipe.Data);

    // Null where the run's recipe says it.
    private (JsonNode? Name, string Rules, IReward? Reward) Grader(ParseResult call, RunSettings? recipe)
    {
        var (name, profile) = (call.GetValue(_grader), call.GetValue(_profile));
        if (name is null && profile is null && recipe is not null) return (null, "", null);
        var rules =
            RuleProfile.Find(profile
            ?? (recipe is null ? EvaluationProtocol.Find(call.GetValue(_protocol)!).Profile : RuleProfile.Tenon.Name));
        name ??= "math";
        var reward = RewardFinder.Create(name, name == "math" ? new Dictionary<string, object?> { ["profile"] = rules.Name } : null);
        if (!reward.IsOutcome)
            throw new TenonException("--grader", $"an outcome: {string.Join(", ", RewardFinder.Names.Where(n => IsOutcome(n)))}",
                $"{name}, which shapes a reward and says nothing of right and wrong", usage: true);
        return (name, rules.Id, reward);
    }

    private static bool IsOutcome(string name)
    {
        try
        {
            var reward = RewardFinder.Create(name);
            (reward as IDisposable)?.Dispose();
            return reward.IsOutcome;
        }
        catch (TenonException)
        {
            // A reward that needs settings of its own is none that a name alone can choose.
            return false;
        }
    }

    private List<(string Question, string Answer)> Shots(ParseResult call)
    {
        var count = call.GetValue(_shots);
        if (count == 0) return [];
        if (count < 0) throw new TenonException("--few-shot", "0 or more", $"{count}", usage: true);
        var file = call.GetValue(_shotFile)
            ?? throw new TenonException("--few-shot", "--few-shot-file FILE with the worked problems", "none", usage: true);
        var problems = ProblemFile.Read(file).Problems;
        if (problems.Count < count)
            throw new TenonException("--few-shot", $"at most {problems.Count}, the problems of {file}", $"{count}", usage: true);
        return [.. problems.Take(count).Select(p => (p.Text, p.Solution ?? p.Answer))];
    }

    private static int? Positive(string name, int? value) =>
        value is null or > 0 ? value : throw new TenonException(name, "1 or more", $"{value}", usage: true);
}
