using System.Globalization;
using Tenon.Cluster;
using Tenon.Training.Objectives;

namespace Tenon.Tests;

/// <summary>Numbers of the pages on the library, the methods, studies and performance.</summary>
public sealed partial class PageNumberTests
{
    private const string Bench = "src/Tenon.Cli/Commands/BenchCommand.cs";
    private static readonly ClusterSettings S_cluster = new();
    private static readonly int S_streams = Whole("--prompts") * Whole("--group");

    private static readonly (string Page, string Sentence, object[] Values)[] S_more =
    [
        ("docs/library.md", "trains an adapter for {} steps", [Matched("samples/TenLines/Program.cs", @"steps=(\d+)")]),
        ("docs/library.md", "Tenon.Tool --global --version {} ", [Version()]),
        ("docs/library.md", "Tenon.Recipes --version {} ", [Version()]),
        ("docs/adapters.md", "learn at `ratio` ({}) times the rate", [Option("LoraPlus", "Ratio")]),
        ("docs/adapters.md", "g_B (A Aᵀ + {} I)⁻¹", [Matched("src/Tenon.Adapters/Methods/LoraFa.cs", @"Ridge = (\S+);")]),
        ("docs/adapters.md", "k = alpha / (rank + {})", [Matched("src/Tenon.Adapters/Methods/AdaLoraLayer.cs", @"Length \+ (\S+?)\)")]),
        ("docs/adapters.md", "among the `rho` ({}) smallest", [Option("Geora", "Rho")]),
        ("docs/adapters.md", "max(‖A_k‖, {}) max(‖B_k‖, {})", [DeloraLeast(), DeloraLeast()]),
        ("docs/adapters.md", "(`riemannian-reg`, {}), under", [Option("LoraFamily", "RiemannianReg")]),
        ("docs/adapters.md", "`tinit` a {} of the run's optimizer steps, `tfinal` a {}, `delta-t` a {};",
            [Share("Tinit"), Share("Tfinal"), Share("DeltaT")]),
        ("docs/adapters.md", "DeLoRA's strength is {} in PEFT", [Matched("src/Tenon.Adapters/Methods/Delora.cs", @"\.Lambda \?\? (\d+)")]),
        ("docs/adapters.md", "sqrt(rank inputs) / {}.\n", [Matched("src/Tenon.Adapters/Methods/Delora.cs", @"inputs\) / (\d+);")]),
        ("docs/studies.md", "still for `--patience` seconds ({} by default",
            [Const("Tenon.Studies", "Studies.Study", "UsualPatience")]),
        ("docs/studies.md", "the same for all, {} characters or more",
            [Const("Tenon.Cluster", "Cluster.ClusterSecret", "LeastLength")]),
        ("docs/studies.md", "(PBKDF2, {} rounds)", [Const("Tenon.Cluster", "Cluster.ClusterSecret", "Rounds")]),
        ("docs/studies.md", "One in a {} completions of workers", [Math.Round(1 / S_cluster.Checked)]),
        ("docs/studies.md", "\nchecked: {}\npatience: {}\n", [S_cluster.Checked, S_cluster.Patience]),
        ("docs/studies.md", "the {} methods of arXiv", [Count("studies/perl-tiny.yaml", "- { method:")]),
        ("docs/studies.md", "| {} methods on SmolLM2", [Count("studies/smollm2.yaml", "- { method:")]),
        ("docs/studies.md", "two tasks, three seeds, {} epochs of {} minibatches", [Presets("epochs"), Presets("minibatches")]),
        ("docs/studies.md", "learning rate {} ({} for all weights), rank {} and alpha {}, clip {} and {}, no divergence, "
            + "{} prompts of {} completions, {} steps",
            [Perl("learning-rate"), Perl("learning-rate", "full"), Perl("rank"), Perl("alpha"),
            ObjectivePresets.Named("dapo").ClipLow!, ObjectivePresets.Named("dapo").ClipHigh!, Perl("prompts"), Perl("group"),
            Perl("steps")]),
        ("docs/studies.md", "`lora.yaml` has {}, `lora-rank-16.yaml` {}.\n", [Perl("rank"), Perl("rank", "lora-rank-16")]),
        ("docs/performance.md", "--profile`, {} streams of {} tokens,", [S_streams, Default("--new")]),
        ("docs/performance.md", "the first {} GSM8K test problems through the chat template, {} completions each of exactly {} tokens",
            [Default("--prompts"), Default("--group"), Default("--new")]),
        ("docs/performance.md", "one optimizer step, LoRA r{} on all linears", [Default("--rank")]),
        ("docs/performance.md", "for each {} inputs of an output", [Const("Tenon.Tensors", "Panels.Int8Panels", "Block")]),
        ("docs/performance.md", "(d = max|w| / {}, ties to even)",
            [Matched("src/Tenon.Tensors/Panels/Int8Panels.cs", @"var d = largest / (\d+)f;")]),
        ("docs/performance.md", "a = max|x| / {}, q = x / a", [Matched("src/Tenon.Tensors/Kernels/Int8Rows.cs", @"\(largest / (\d+)f\)")]),
        ("docs/performance.md", "with the scale a / {}.\n", [Matched("src/Tenon.Tensors/Kernels/Int8Rows.cs", @"a / (\d+)f, record")]),
    ];

    private static string Default(string option) => Matched(Bench, $@"""{option}""\).*?DefaultValueFactory = _ => (\d+)");

    private static int Whole(string option) => int.Parse(Default(option), CultureInfo.InvariantCulture);

    private static string Version() => Matched("Directory.Build.props", @"<Version>([\d.]+)</Version>");

    private static string Option(string method, string name) =>
        Matched($"src/Tenon.Adapters/Methods/{method}.cs", $@"double {name} \{{ get; init; \}} = (\S+);");

    private static string DeloraLeast() => Matched("src/Tenon.Adapters/Methods/Delora.cs", @"Least = (\S+);");

    private static string Share(string name) =>
        Matched("src/Tenon.Adapters/Methods/AdaLoraSchedule.cs", $@"\.{name} \?\? \(int\)(?:Math\.Max\(1, |\()total / (\d+)\)");

    private static string Presets(string key) => Matched("studies/presets.yaml", $@"\b{key}: (\d+)");

    private static string Perl(string key, string file = "lora") =>
        Matched($"recipes/perl/1.5b/{file}.yaml", $@"\b{key}: ([\w.-]+)").Replace(".0e", "e", StringComparison.Ordinal);

    private static int Count(string file, string text) => File.ReadAllText(Support.Repository.Path(file)).Split(text).Length - 1;
}
