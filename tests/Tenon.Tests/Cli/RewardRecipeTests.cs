using Tenon.Rewards;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>Every reward can be named in a recipe, alone and with others, and its faults come with their line.</summary>
public class RewardRecipeTests
{
    private const string Rollout = "rollout: { prompts: 2, group: 2, max-new-tokens: 64 }\n";
    private const string Task = "data: { task: { name: arithmetic, level: 2 }, prompt: plain }\n";

    public static TheoryData<string> Names() =>
        [.. RewardFinder.Names.Where(n => n != "code" || global::Tenon.Rewards.Code.Sandbox.Unavailable is null)];

    [Theory, MemberData(nameof(Names)), Trait("Speed", "slow")]
    public void A_dry_run_accepts_it(string name)
    {
        var options = name switch
        {
            "command" => """, command: 'while read line; do echo "{\"score\": 0}"; done'""",
            "regex" => ", pattern: '[0-9]+'",
            "json-schema" => ", schema: { type: object }",
            _ => "",
        };
        var call = DryRun($"{Task}reward: [{{ name: {name}, weight: 0.5{options} }}]\n");
        call.Exit.ShouldBe(0, call.Error);
        call.Out.ShouldContain(name);
    }

    [Fact]
    public void Rewards_are_combined_with_weights()
    {
        var call =
            DryRun(Task
            + "reward:\n  - { name: cosine-length, weight: 1 }\n  - { name: think-format, weight: 0.25 }\n  - { name: language, weight: "
            + "0.1, language: [en] }\n  - { name: repetition-penalty, weight: 0.5 }\n");
        call.Exit.ShouldBe(0, call.Error);
    }

    [Fact]
    public void All_faults_are_reported_at_once_with_their_lines()
    {
        var call =
            DryRun(Task
            + "reward:\n  - { name: soft-overlong, buffer: 0 }\n  - { name: regex, pattern: '(' }\n  - { name: multiple-choise }\n  - { "
            + "name: language, langage: en }\n");
        call.Exit.ShouldBe(2);
        foreach (var part in
            (string[])["line 3, reward.0.buffer: 0 is out of range; expected 1", "line 4, reward.1.pattern: is no regular expression",
            "line 5, reward.2.name: 'multiple-choise' is no reward; nearest: multiple-choice",
                "line 6, reward.3.langage: unknown key; nearest: language"]) call.Error.ShouldContain(part);
    }

    [Fact]
    public void Ids_that_a_data_file_has_twice_are_told()
    {
        using var folder = new TempFolder();
        var file = Path.Combine(folder.Path, "data.jsonl");
        File.WriteAllText(file,
            "{\"id\":\"a\",\"problem\":\"1+1\",\"answer\":\"2\"}\n{\"id\":\"a\",\"problem\":\"1+2\",\"answer\":\"3\"}\n");
        var call = DryRun($"data: {{ train: '{file}', prompt: plain }}\n");
        call.Exit.ShouldBe(0, call.Error);
        call.Error.ShouldContain("1 ids stand on more than one line (a)");
    }

    private static Call DryRun(string recipe)
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "recipe.yaml");
        File.WriteAllText(path, recipe + Rollout);
        return Call.Tenon("train", path, "--dry-run");
    }
}
