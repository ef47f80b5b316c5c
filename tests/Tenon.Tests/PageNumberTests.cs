using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Tenon.Adapters;
using Tenon.Evaluation.Spectra;
using Tenon.Rewards.Code;
using Tenon.Rewards.External;
using Tenon.Rewards.Format;
using Tenon.Rewards.Outcome;
using Tenon.Runs.Doctor;
using Tenon.Tests.Support;
using Tenon.Training.Objectives;
using Tenon.Training.Settings;

namespace Tenon.Tests;

/// <summary>
/// Numbers that a page says and the code knows: a row is a page, a sentence with a hole for each number, and the values. What was measured
/// once, with a date, is not among them.
/// </summary>
public sealed partial class PageNumberTests
{
    private static readonly string[] S_words =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
            "thirteen", "fourteen", "fifteen"];

    private static readonly Dictionary<string, int> S_parts = new()
    {
        ["tenth"] = 10, ["quarter"] = 4, ["hundredth"] = 100, ["hundred"] = 100,
    };

    private static readonly CodeSettings S_code = new();
    private static readonly CosineLengthSettings S_cosine = new();

    private static readonly (string Page, string Sentence, object[] Values)[] S_rows =
    [
        ("README.md", "| methods | {}: LoRA and its kin", [AdapterMethod.All.Count]),
        ("README.md", "accuracy on {} held-out sums", [Recipe("quickstart.yaml", "problems")]),
        ("README.md", "--adapter runs/quickstart/checkpoints/{} ", [Recipe("quickstart.yaml", "steps")]),
        ("docs/concepts.md", "| panel | {} outputs of a frozen matrix", [Const("Tenon.Tensors", "FrozenMatrix", "PanelWidth")]),
        ("docs/contributing.md", "Lines end by {} characters, files by {} lines",
            [Const("Tenon.Tests", "SolutionTests", "LongestLine"), Const("Tenon.Tests", "SolutionTests", "LongestFile")]),
        ("docs/contributing.md", "0 done, 1 the work failed, 2 the call was wrong, {} interrupted",
            [Const("tenon", "Cli.Interrupt", "ExitCode")]),
        ("docs/runs.md", "{} setbacks without a good checkpoint", [Const("Tenon.Training", "Training.Guards.RunGuards", "MostSetbacks")]),
        ("docs/evaluation.md", "That seed is `evaluate.seed` of the recipe ({})", [new EvaluateSettings().Seed]),
        ("docs/evaluation.md", "`--window` tokens ({}, or the model's", [Const("Tenon.Evaluation", "Evaluation.Texts.TextSettings",
            "UsualWindow")]),
        ("docs/evaluation.md", "at most {}, beyond that powers of two",
            [Const("Tenon.Evaluation", "Evaluation.Benchmarks.SampleFigures", "AllPassesUpTo")]),
        ("docs/recipes.md", "null is all ({} for `held-out`)", [EvaluateSettings.HeldOutProblems]),
        ("docs/models.md", "in F32, BF16 or F16, above {} GB in shards",
            [Const("Tenon.Models", "Models.Weights.HuggingFaceExport", "DefaultShardBytes") is long bytes ? bytes / 1_000_000_000 : 0]),
        ("docs/objectives.md", "the cap is ScaleRL's {}", [ObjectivePresets.Named("cispo").WeightCap!]),
        ("docs/spectra.md", "Up to a smaller side of {} W is decomposed whole", [new SpectraSettings().ExactUpTo]),
        ("docs/spectra.md", "only its first directions are looked for: {}, or", [SpectraSettings.LeastTop]),
        ("docs/spectra.md", "or {} rounds are over", [Matched("src/Tenon.Tensors/Linalg/PartialSvd.cs",
            @"MostIterations { get; init; } = (\d+)")]),
        ("docs/studies.md", "`--patience` seconds ({} by default", [Matched("src/Tenon.Cli/Commands/StudyCommand.cs",
            @"--patience""\)[\s\S]*?DefaultValueFactory = _ => (\d+)")]),
        ("docs/rewards.md", "`backtracking`, `timeout` | false, {} |", [new RegexSettings().Timeout]),
        ("docs/rewards.md", "`timeout`, `compile-timeout` | {}, {} |", [S_code.Timeout, S_code.CompileTimeout]),
        ("docs/rewards.md", "`memory`, `disk`, `processes` | {}, {}, {} |", [S_code.Memory, S_code.Disk, S_code.Processes]),
        ("docs/rewards.md", "| `max-output` | {} |", [S_code.MaxOutput]),
        ("docs/rewards.md", "timeout: {}, start-timeout: {}, outcome: true", [new CommandRewardSettings().Timeout,
            new CommandRewardSettings().StartTimeout]),
        ("docs/rewards.md", "batches of fewer than {} requests", [Const("Tenon.Rewards", "Rewards.External.CommandReward",
            "RequestsACheck")]),
        ("docs/rewards.md", "from `max-correct` ({}) to `min-correct` ({}), wrong ones from `min-wrong` ({}) up to `max-wrong` ({})",
            [S_cosine.MaxCorrect, S_cosine.MinCorrect, S_cosine.MinWrong, S_cosine.MaxWrong]),
        ("docs/rewards.md", "`repetition-penalty`, `ngram: {}`, `max-penalty: {}`", [new RepetitionPenaltySettings().Ngram,
            new RepetitionPenaltySettings().MaxPenalty]),
        ("docs/rewards.md", "`where: all`, `min-words: {}`", [new LanguageSettings().MinWords]),
        ("docs/rewards.md", "`min-steps: {}`, `unchecked: {}`", [new StepsRewardSettings().MinSteps, new StepsRewardSettings().Unchecked]),
        ("docs/verifier.md", "`min-steps` ({}: fewer checked steps", [new StepsRewardSettings().MinSteps]),
        ("docs/verifier.md", "a verdict takes at most {}, whatever", [Const("Tenon.MathAnswers", "MathAnswers.MathVerifier", "Steps")]),
        ("docs/verifier.md", "Size limits: {} characters of one expression, {} levels of brackets, {} elements, {} bits",
            [Budget("MaxExpressionChars"), Budget("MaxDepth") / 4, Budget("MaxElements"), Budget("MaxBits")]),
        ("docs/verifier.md", "confirmed by intervals of {} digits",
            [(int)((int)Const("Tenon.MathAnswers", "MathAnswers.Numbers.FixedInterval", "Bits") * Math.Log10(2))]),
        ("docs/verifier.md", "{} pairs of our own in every notation", [Lines("pairs.txt")]),
        ("docs/verifier.md", "{} pairs and field cases", [Lines("pairs.txt") + Lines("kinds.txt") + Lines("further-kinds.txt")]),
        ("docs/verifier.md", "The rules are `{}`: against", [Const("Tenon.MathAnswers", "MathAnswers.Steps.StepVerifier", "Rules")]),
    ];

    private static IReadOnlyList<(string Page, string Sentence, object[] Values)> All => [.. S_rows, .. S_more];

    public static TheoryData<int, string> Rows()
    {
        var data = new TheoryData<int, string>();
        for (var i = 0; i < All.Count; i++) data.Add(i, $"{All[i].Page}: {All[i].Sentence}");
        return data;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_page_says_what_the_code_does(int row, string sentence)
    {
        var (page, pattern, values) = All[row];
        var text = File.ReadAllText(Repository.Path(page)).ReplaceLineEndings("\n");
        var found = Regex.Match(text, Regex.Escape(pattern).Replace("\\{}", "(\\S+?)", StringComparison.Ordinal));
        found.Success.ShouldBeTrue($"{sentence}: no such sentence");
        found.Groups.Values.Skip(1).Select(g => Plain(g.Value)).ShouldBe(values.Select(Text), sentence);
    }

    /// <summary>Counts that no sentence holds as yet come with the list itself.</summary>
    [Fact]
    public void Every_diagnosis_and_every_preset_has_its_line()
    {
        Diagnoses.All.Select(d => d.Name).Distinct().Count().ShouldBe(Diagnoses.All.Count);
        var objectives = File.ReadAllText(Repository.Path("docs/objectives.md"));
        foreach (var name in ObjectivePresets.Names) objectives.ShouldContain($"`{name}`");
    }

    // 40,000 and three are 40000 and 3.
    private static string Plain(string said) => S_parts.TryGetValue(said, out var part) ? $"{part}"
        : Array.IndexOf(S_words, said.ToLowerInvariant()) is >= 0
        and var word ? $"{word}" : said.Replace(",", "", StringComparison.Ordinal).Trim('`');

    private static string Text(object value) => value is IFormattable number ? number.ToString(null, CultureInfo.InvariantCulture)
        : $"{value}";

    private static int Budget(string name) => (int)Const("Tenon.MathAnswers", "MathAnswers.WorkBudget", name);

    private static object Const(string assembly, string type, string name) => Assembly.Load(assembly).GetType($"Tenon.{type}") is { } found
        ? found.GetField(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.GetRawConstantValue()!
        : Assembly.Load(assembly).GetTypes().Single(t => t.FullName!.EndsWith($".{type}", StringComparison.Ordinal))
            .GetField(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.GetRawConstantValue()!;

    private static int Lines(string file) =>
        File.ReadLines(Repository.Path($"tests/Tenon.Tests/Golden/verifier/{file}")).Count(l =>
            l.Contains(" || ", StringComparison.Ordinal));

    private static string Recipe(string file, string key) => Matched($"recipes/{file}", $@"\b{key}: (\d+)");

    private static string Matched(string file, string pattern)
    {
        var found = Regex.Match(File.ReadAllText(Repository.Path(file)), pattern);
        found.Success.ShouldBeTrue($"{file}: {pattern}");
        return found.Groups[1].Value;
    }
}
