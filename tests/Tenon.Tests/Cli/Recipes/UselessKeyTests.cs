using Tenon.Recipes;
using Tenon.Tests.Support;
using Tenon.Training.Settings;

namespace Tenon.Tests.Cli.Recipes;

/// <summary>
/// What does nothing is refused: a key that nobody knows at every level of every recipe, keys beside others that decide, keys in the wrong
/// place.
/// </summary>
public class UselessKeyTests
{
    private const string Odd = "frobnicate";
    private const string Task = "data: { task: { name: arithmetic, level: 2 }, prompt: plain }\n";

    public static TheoryData<string> Files() =>
        [.. Directory.GetFiles(Repository.Path("recipes"), "*.yaml").Select(file => Path.GetFileName(file))];

    [Theory, MemberData(nameof(Files))]
    public void A_random_key_at_every_level_of_every_recipe_is_refused_with_its_line(string file)
    {
        var text = File.ReadAllText(Repository.Path("recipes/" + file));
        if (file.Contains("pretrain", StringComparison.Ordinal))
        {
            EveryLevelRefuses<PretrainSettings>(text);
            EveryLevelRefuses<PretrainSettings>(RecipeFile.Resolved(RecipeFile.Parse<PretrainSettings>(text, file)).ToJsonString());
            return;
        }

        EveryLevelRefuses<RunSettings>(text);
        var settings = RecipeFile.Parse<RunSettings>(text, file)
            with
        { Reward = [new() { Name = "math" }, new() { Name = "soft-overlong", Weight = 0.5 }] };
        EveryLevelRefuses<RunSettings>(RecipeFile.Resolved(settings.Resolved(1e-3)).ToJsonString());
    }

    /// <summary>
    /// Puts the key into each mapping in turn, a line each, so that the line is known. Patterns and a template's variables have no keys of
    /// their own.
    /// </summary>
    private static void EveryLevelRefuses<T>(string recipe) where T : ISettings, new()
    {
        var tree = (SettingMap)RecipeYaml.Parse(recipe, line => $"line {line}", [])!;
        var paths = Maps(tree, "").ToList();
        paths.Count.ShouldBeGreaterThan(3);
        foreach (var path in paths)
        {
            var lines = new List<string>();
            Write(tree, "", path, 0, lines);
            var text = string.Join('\n', lines);
            var line = lines.FindIndex(l => l.Contains(Odd, StringComparison.Ordinal)) + 1;
            var error = Should.Throw<TenonException>(() => RecipeFile.Parse<T>(text, "r.yaml"), $"'{path}' takes any key");
            error.Message.ShouldContain($"line {line}, {path}{Odd}: unknown key", customMessage: text);
        }
    }

    private static IEnumerable<string> Maps(SettingNode node, string path)
    {
        if (path.EndsWith("-pattern.", StringComparison.Ordinal) || path is "template.") yield break;
        if (node is SettingMap map)
        {
            yield return path;
            foreach (var inner in map.Entries.SelectMany(entry => Maps(entry.Value, $"{path}{entry.Key}."))) yield return inner;
        }

        if (node is SettingList list)
            foreach (var inner in list.Items.SelectMany((item, i) => Maps(item, $"{path}{i}."))) yield return inner;
    }

    private static void Write(SettingNode node, string path, string odd, int indent, List<string> lines)
    {
        var blank = new string(' ', indent);
        if (node is SettingMap map)
        {
            foreach (var entry in map.Entries)
            {
                if (entry.Value is SettingScalar or SettingMap { Entries.Count: 0 } or SettingList { Items.Count: 0 }
                    && odd != $"{path}{entry.Key}.") lines.Add($"{blank}{entry.Key}: {Flow(entry.Value)}");
                else
                {
                    lines.Add($"{blank}{entry.Key}:");
                    Write(entry.Value, $"{path}{entry.Key}.", odd, indent + 2, lines);
                }
            }

            if (odd == path) lines.Add($"{blank}{Odd}: 7");
        }

        if (node is not SettingList list) return;
        for (var i = 0; i < list.Items.Count; i++)
            if (list.Items[i] is SettingScalar word) lines.Add($"{blank}- {Flow(word)}");
            else
            {
                lines.Add($"{blank}-");
                Write(list.Items[i], $"{path}{i}.", odd, indent + 2, lines);
            }
    }

    private static string Flow(SettingNode node) => node switch
    {
        SettingScalar { Quoted: true } text =>
            "\"" + text.Text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + "\"",
        SettingScalar word => word.Text,
        SettingMap => "{}",
        _ => "[]",
    };

    [Theory]
    [InlineData("data: { task: { name: arithmetic, level: 2, digits: 9 } }", "line 1, data.task.digits: unknown key")]
    [InlineData("data:\n  task:\n    name: sorting\n    length: 5", "line 4, data.task.length: unknown key")]
    [InlineData("data:\n  task: { name: countdown, numbers: [1, 2] }", "line 2, data.task.numbers: unknown key")]
    public void A_task_has_no_keys_but_its_own(string recipe, string message) => Fault(recipe).ShouldContain(message);

    [Theory]
    [InlineData("dropout: 0.1", "dropout: does nothing")]
    [InlineData("targets: all-linear", "targets: does nothing")]
    [InlineData("frobnicate: 7", "frobnicate: unknown key")]
    [InlineData("init: gaussian", "init: does nothing")]
    [InlineData("bias: none", "bias: does nothing")]
    [InlineData("method: lora", "method: does nothing")]
    [InlineData("rank: 4", "rank: does nothing")]
    [InlineData("rs-lora: true", "rs-lora: does nothing")]
    public void Beside_from_only_the_seed_counts(string key, string message) =>
        Fault($"{Task}adapter:\n  from: somewhere\n  {key}").ShouldContain($"line 4, adapter.{message}");

    [Fact]
    public void Patience_without_an_accuracy_to_wait_for_is_refused() =>
        Fault($"{Task}early-stop: {{ patience: 2 }}\nevaluate: {{ every: 1, texts: [a.txt] }}")
            .ShouldContain("early-stop.patience: counts evaluations of accuracy, and there are none during the run");

    [Fact]
    public void A_recipe_that_goes_on_from_an_adapter_is_written_without_what_does_nothing_and_read_again()
    {
        var settings = RecipeFile.Parse<RunSettings>(Task + "adapter: { from: somewhere, seed: 3 }", "r.yaml").Resolved(1e-3);
        var json = RecipeFile.Resolved(settings);
        json["adapter"]!.ToJsonString().ShouldBe("""{"from":"somewhere","seed":3}""");
        RecipeFile.Resolved(RecipeFile.Parse<RunSettings>(json.ToJsonString(), "again")).ToJsonString().ShouldBe(json.ToJsonString());
        // As earlier versions wrote it: with every default beside the folder.
        json["adapter"]!["method"] = "lora";
        json["adapter"]!["targets"] = new System.Text.Json.Nodes.JsonArray("all-linear");
        RecipeFile.Read<RunSettings>(json, "run.json").Adapter.From.ShouldBe("somewhere");
    }

    [Theory]
    [InlineData("learning-rate: 1.0e-4", "line 2, column 1, learning-rate: unknown key at the top; it belongs under optimizer")]
    [InlineData("rollout:\n  steps: 4", "line 3, column 3, rollout.steps: unknown key under rollout; it belongs at the top")]
    [InlineData("adapter: { rank: 4, group: 8 }", "line 2, column 21, adapter.group: unknown key under adapter; it belongs under rollout")]
    [InlineData("rollout:\nprompts: 4", "line 3, column 1, prompts: unknown key at the top; it belongs under rollout")]
    [InlineData("optimizer: { keep: 2 }", "optimizer.keep: unknown key under optimizer; it belongs under checkpoint")]
    public void A_key_in_the_wrong_place_says_where_it_belongs(string recipe, string message) =>
    Fault(Task + recipe).ShouldContain(message);

    [Theory]
    [InlineData("rollout:\n  prompts: 4\n    group: 8", "the line is indented by 4 below a key that has its value, expected 2")]
    [InlineData("rollout:\n  prompts: 4\n    group: 8", "line 4, column ")]
    [InlineData("rollout:\n  prompts: 4\n group: 8", "line 4, column 2")]
    [InlineData("rollout:\n\tprompts: 4", "line 3, column 1")]
    [InlineData("adapter: { rank: 4", "column ")]
    public void A_fault_of_yaml_has_line_and_column(string recipe, string message)
    {
        var text = Fault(Task + recipe);
        text.ShouldContain(message);
        text.ShouldContain("no valid YAML");
    }

    [Theory]
    [InlineData("reward: [{ name: math, requires: value }]", "reward.0.requires: unknown key; nearest: require")]
    [InlineData("reward: [{ name: command, command: cat, shell: bash }]", "reward.0.shell: unknown key")]
    [InlineData("reward: [{ name: cosine-length, options: { requires: value } }]",
    "reward.0.options.requires: unknown key; nearest: require")]
    [InlineData("reward: [{ name: multiple-choice, gold: leter, choices: 99 }]", "reward.0.choices: 99 is out of range; expected 2 to 26")]
    [InlineData("reward: [{ name: multiple-choice, gold: leter, choices: 99 }]", "reward.0.gold: 'leter' is no choice; nearest: letter")]
    public void Options_of_rewards_are_checked_all_at_once(string recipe, string message) =>
    Fault(Task + recipe).ShouldContain("line 2, " + message);

    [Theory]
    [InlineData("vera", "d-initial: many", "projection-key: -1", "save-projection: perhaps")]
    [InlineData("oft", "cayley: exakt", "neumann-terms: 0", "block-sise: 8")]
    [InlineData("adalora", "beta1: 1", "tinit: soon", "orth-reg-weight: -0.5")]
    public void All_faults_come_at_once_with_their_lines_before_a_model_is_loaded(string method, string first, string second, string third)
    {
        var recipe = "model: no-such-model\ndata:\n  task: { name: arithmetic, digits: 9 }\n"
            + $"adapter:\n  method: {method}\n  {first}\n  {second}\n  {third}\nreward: [{{ name: soft-overlong, buffer: 0 }}]";
        var text = Fault(recipe);
        foreach (var line in (int[])[3, 6, 7, 8, 9]) text.ShouldContain($"\n  line {line}, ");
        text.ShouldContain("has 5 faults");
    }

    [Fact]
    public void Options_beside_from_are_refused_line_by_line()
    {
        var text = Fault("data:\n  task: { name: arithmetic, digits: 9 }\n"
            + "adapter:\n  from: somewhere\n  method: vera\n  d-initial: many\n  projection-key: -1\n  save-projection: true");
        text.ShouldContain("has 5 faults");
        foreach (var line in (int[])[2, 5, 6, 7, 8]) text.ShouldContain($"\n  line {line}, ");
    }

    [Theory]
    [InlineData("{ method: vera, d_initial: 0.5 }", "d-initial", "0.5")]
    [InlineData("{ method: randlora, projection_prng_key: 7 }", "projection-key", "7")]
    [InlineData("{ method: hra, apply_GS: true, init: random }", "apply-gs", "true")]
    [InlineData("{ method: dora, use_rslora: true }", "rs-lora", "true")]
    public void Options_may_have_the_names_that_peft_gives_them(string adapter, string key, string value) =>
        RecipeFile.Resolved(RecipeFile.Parse<RunSettings>($"{Task}adapter: {adapter}", "r.yaml"))["adapter"]![key]!.ToString()
        .ShouldBe(value);

    [Theory]
    [InlineData("tiny", null, "plain")]
    [InlineData("tiny", "boxed", "boxed")]
    [InlineData("models/other.gguf", null, "boxed")]
    [InlineData("models/other.gguf", "plain", "plain")]
    public void A_recipe_that_names_no_prompt_gets_the_models_own(string model, string? prompt, string expected)
    {
        var recipe = $"model: {model}\ndata: {{ task: arithmetic{(prompt is null ? "" : $", prompt: {prompt}")} }}";
        RecipeFile.Parse<RunSettings>(recipe, "r.yaml").Resolved(1e-3).Data.Prompt.ShouldBe(expected);
    }

    private static string Fault(string recipe) =>
        Should.Throw<TenonException>(() => RecipeFile.Parse<RunSettings>(recipe, "r.yaml")).Message;
}
