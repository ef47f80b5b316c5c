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
        ("the same by the model alone, tokens/s", "plain-sample", "hf-sample", "tokens_per_s", "tokens_per_s", false),
        ("one completion, tokens/s", "one", "", "", "one_tokens_per_s", false),
        ("the same by the model alone, tokens/s", "plain-one", "", "", "one_tokens_per_s", false),
        ("prompts alone, tokens/s", "prefill", "", "", "prefill_tokens_per_s", false),
        ("the same by the model alone, tokens/s", "plain-prefill", "", "", "prefill_tokens_per_s", false),
        ("training step, s", "train", "hf-train", "best_s", "", true),
        ("whole GRPO step, s", "step", "trl-step", "best_s", "", true),
    ];

    private static readonly string[] S_precisions = ["f32", "bf16", "int8"];

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
        // The newest first; a second file of a day has a number behind the date.
        foreach (var file in Directory.EnumerateFiles(Repository.Path("bench/results"), "*.jsonl")
            .OrderByDescending(Path.GetFileNameWithoutExtension, StringComparer.Ordinal))
        {
            var runs = File.ReadLines(file).Select(line => JsonNode.Parse(line)!)
                .ToLookup(run => (string)run["program"]!, run => run["answer"]!);
            text.Append(CultureInfo.InvariantCulture, $"`bench/results/{Path.GetFileName(file)}`, median (number of runs):\n\n");
            text.Append("| | float32 | bf16 | int8 | transformers, PyTorch + PEFT, TRL | llama.cpp Q8_0 | llama.cpp Q4_0 |\n");
            text.Append("|---|---:|---:|---:|---:|---:|---:|\n");
            foreach (var row in S_rows)
            {
                if (!S_precisions.Any(name => runs.Contains($"tenon-{row.Part}-{name}"))) continue;
                var own = row.Less ? "seconds" : "tokens_per_s";
                AppendRow(text, row.Title, [.. S_precisions.Select(name => Cell(runs, $"tenon-{row.Part}-{name}", own)),
                    Cell(runs, row.Peer, row.Key), Cell(runs, "llama-q8_0", row.LlamaKey), Cell(runs, "llama-q4_0", row.LlamaKey)]);
                if (row.Part is not ("sample" or "plain-sample" or "train" or "step")) continue;
                var llamaMemory = row.Less ? "" : "memory_gb";
                AppendRow(text, "its peak memory, GB", [.. S_precisions.Select(name => Cell(runs, $"tenon-{row.Part}-{name}", "memory_gb")),
                    Cell(runs, row.Peer, "rss_gb"), Cell(runs, "llama-q8_0", llamaMemory), Cell(runs, "llama-q4_0", llamaMemory)]);
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>A row of a table, unless nothing of it was measured in these rounds.</summary>
    private static void AppendRow(StringBuilder text, string title, IReadOnlyList<string> cells)
    {
        if (cells.Any(cell => cell.Length > 0)) text.Append(CultureInfo.InvariantCulture, $"| {title} | {string.Join(" | ", cells)} |\n");
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
