using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>
/// The tables of other stacks in docs/performance.md are medians of what bench/peers.sh has written; with TENON_UPDATE_DOCS=1 this test
/// writes them anew.
/// </summary>
public class PeersPageTests
{
    private const string Begin = "<!-- Made from bench/results by a test that compares them. -->\n";
    private const string End = "<!-- End of what is made. -->\n";

    private static readonly (string Title, string Part, string Peer, string Key, string LlamaKey, bool Less)[] S_rows =
    [
        ("sampling 32 completions, tokens/s", "sample", "hf-sample", "tokens_per_s", "tokens_per_s", false),
        ("one completion, tokens/s", "one", "", "", "one_tokens_per_s", false),
        ("prompts alone, tokens/s", "prefill", "", "", "prefill_tokens_per_s", false),
        ("training step, s", "train", "hf-train", "best_s", "", true),
        ("whole GRPO step, s", "step", "trl-step", "best_s", "", true),
    ];

    [Fact]
    public void The_page_shows_the_medians_of_the_results()
    {
        var path = Repository.Path("docs/performance.md");
        var page = File.ReadAllText(path).ReplaceLineEndings("\n");
        var (from, to) = (page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, page.IndexOf(End, StringComparison.Ordinal));
        var expected = page[..from] + "\n" + Tables() + page[to..];
        if (Environment.GetEnvironmentVariable("TENON_UPDATE_DOCS") == "1") File.WriteAllText(path, expected);
        else page.ShouldBe(expected, "run this test once with TENON_UPDATE_DOCS=1 and look at what changed");
    }

    private static string Tables()
    {
        var text = new StringBuilder();
        foreach (var file in Directory.EnumerateFiles(Repository.Path("bench/results"), "*.jsonl").Order(StringComparer.Ordinal))
        {
            var runs = File.ReadLines(file).Select(line => JsonNode.Parse(line)!)
                .ToLookup(run => (string)run["program"]!, run => run["answer"]!);
            text.Append(CultureInfo.InvariantCulture, $"`bench/results/{Path.GetFileName(file)}`, median (number of runs):\n\n");
            text.Append("| | float32 | bf16 | int8 | transformers, PyTorch + PEFT, TRL | llama.cpp Q8_0 | llama.cpp Q4_0 |\n");
            text.Append("|---|---:|---:|---:|---:|---:|---:|\n");
            foreach (var row in S_rows)
            {
                var own = row.Less ? "seconds" : "tokens_per_s";
                text.Append(CultureInfo.InvariantCulture, $"| {row.Title} | {Cell(runs, $"tenon-{row.Part}-f32", own)} ");
                text.Append(CultureInfo.InvariantCulture, $"| {Cell(runs, $"tenon-{row.Part}-bf16", own)} ");
                text.Append(CultureInfo.InvariantCulture, $"| {Cell(runs, $"tenon-{row.Part}-int8", own)} ");
                text.Append(CultureInfo.InvariantCulture, $"| {Cell(runs, row.Peer, row.Key)} | {Cell(runs, "llama-q8_0", row.LlamaKey)} ");
                text.Append(CultureInfo.InvariantCulture, $"| {Cell(runs, "llama-q4_0", row.LlamaKey)} |\n");
                if (row.Part is not ("sample" or "train" or "step")) continue;
                text.Append(CultureInfo.InvariantCulture, $"| its peak memory, GB | {Cell(runs, $"tenon-{row.Part}-f32", "memory_gb")} ");
                text.Append(CultureInfo.InvariantCulture, $"| {Cell(runs, $"tenon-{row.Part}-bf16", "memory_gb")} ");
                text.Append(CultureInfo.InvariantCulture, $"| {Cell(runs, $"tenon-{row.Part}-int8", "memory_gb")} ");
                text.Append(CultureInfo.InvariantCulture, $"| {Cell(runs, row.Peer, row.Peer.Length > 0 ? "rss_gb" : "")} ");
                text.Append(row.Less ? "| | |\n"
                    : $"| {Cell(runs, "llama-q8_0", "memory_gb")} | {Cell(runs, "llama-q4_0", "memory_gb")} |\n");
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Cell(ILookup<string, JsonNode> runs, string program, string key)
    {
        List<double> values = [.. runs[program].Where(_ => key.Length > 0).Select(answer => (double)answer[key]!).Order()];
        if (values.Count == 0) return "";
        var median = (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
        var digits = median >= 100 ? "F0" : median >= 10 ? "F1" : "F2";
        return $"{median.ToString(digits, CultureInfo.InvariantCulture)} ({values.Count})";
    }
}
