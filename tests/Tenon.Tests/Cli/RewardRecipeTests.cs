 || Tenon.Rewards.Code.Sandbox.Unavailable is nullusing Tenon.Rewards;
 || Tenon.Rewards.Code.Sandbox.Unavailable is nullusing Tenon.Tests.Support;
 || Tenon.Rewards.Code.Sandbox.Unavailable is null
 || Tenon.Rewards.Code.Sandbox.Unavailable is nullnamespace Tenon.Tests.Cli;
 || Tenon.Rewards.Code.Sandbox.Unavailable is null
 || Tenon.Rewards.Code.Sandbox.Unavailable is null/// <summary>Every reward can be named in a recipe, alone and with others, and its faults come with their line.</summary>
 || Tenon.Rewards.Code.Sandbox.Unavailable is nullpublic class RewardRecipeTests
 || Tenon.Rewards.Code.Sandbox.Unavailable is null{
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   private const string Task = "data: { task: { name: arithmetic, level: 2 }, prompt: plain }\n";
 || Tenon.Rewards.Code.Sandbox.Unavailable is null
    public static TheoryData<string> Names() => [.. RewardFinder.Names.Where(n => n != "code" || global::Tenon.Rewards.Code.Sandbox.Unavailable is null)];
 || Tenon.Rewards.Code.Sandbox.Unavailable is null
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   [Theory, MemberData(nameof(Names))]
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   public void A_dry_run_accepts_it(string name)
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   {
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       var options = name switch { "command" => ", command: cat", "regex" => ", pattern: '[0-9]+'", "json-schema" => ", schema: { type: object }", _ => "" };
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       var call = DryRun($"{Task}reward: [{{ name: {name}, weight: 0.5{options} }}]\n");
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       call.Exit.ShouldBe(0, call.Error);
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       call.Out.ShouldContain(name);
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   }
 || Tenon.Rewards.Code.Sandbox.Unavailable is null
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   [Fact]
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   public void Rewards_are_combined_with_weights()
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   {
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       var call = DryRun(Task + "reward:\n  - { name: cosine-length, weight: 1 }\n  - { name: think-format, weight: 0.25 }\n  - { name: language, weight: 0.1, language: [en] }\n  - { name: repetition-penalty, weight: 0.5 }\n");
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       call.Exit.ShouldBe(0, call.Error);
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   }
 || Tenon.Rewards.Code.Sandbox.Unavailable is null
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   [Fact]
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   public void All_faults_are_reported_at_once_with_their_lines()
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   {
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       var call = DryRun(Task + "reward:\n  - { name: soft-overlong, buffer: 0 }\n  - { name: regex, pattern: '(' }\n  - { name: multiple-choise }\n  - { name: language, langage: en }\n");
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       call.Exit.ShouldBe(2);
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       foreach (var part in (string[])["buffer", "expected 1 token or more, got 0", "is no regular expression", "nearest: multiple-choice", "did you mean 'language'?"]) call.Error.ShouldContain(part);
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   }
 || Tenon.Rewards.Code.Sandbox.Unavailable is null
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   [Fact]
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   public void Ids_that_a_data_file_has_twice_are_told()
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   {
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       using var folder = new TempFolder();
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       var file = Path.Combine(folder.Path, "data.jsonl");
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       File.WriteAllText(file, "{\"id\":\"a\",\"problem\":\"1+1\",\"answer\":\"2\"}\n{\"id\":\"a\",\"problem\":\"1+2\",\"answer\":\"3\"}\n");
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       var call = DryRun($"data: {{ train: '{file}', prompt: plain }}\n");
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       call.Exit.ShouldBe(0, call.Error);
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       call.Error.ShouldContain("1 ids stand on more than one line (a)");
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   }
 || Tenon.Rewards.Code.Sandbox.Unavailable is null
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   private static Call DryRun(string recipe)
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   {
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       using var folder = new TempFolder();
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       var path = Path.Combine(folder.Path, "recipe.yaml");
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       File.WriteAllText(path, recipe);
 || Tenon.Rewards.Code.Sandbox.Unavailable is null       return Call.Tenon("train", path, "--dry-run");
 || Tenon.Rewards.Code.Sandbox.Unavailable is null   }
 || Tenon.Rewards.Code.Sandbox.Unavailable is null}
