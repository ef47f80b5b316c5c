using System.Text.Json.Nodes;
using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>
/// Twenty steps of the embedded model: the log-probability of every sampled token is, bit for bit, the one that training computes, for
/// every number of sequences sampled at once and of
/// threads, with and without shared prompts; and what a run leaves depends on neither number.
/// </summary>
[Trait("Speed", "slow")]
public sealed class SameBitsTests(ITestOutputHelper output) : IDisposable
{
    // Short completions at a high temperature, judged by whether they hold a sum: groups are mixed, so every step moves the adapter.
    private const string Recipe = """
        model: tiny
        adapter: { method: lora, rank: 4, alpha: 8 }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        reward: [{ name: regex, pattern: '=[0-9]', match: anywhere, where: all }]
        rollout: { prompts: 4, group: 8, max-new-tokens: 8, temperature: 2.0 }
        objective: { preset: grpo, kl: 0.01 }
        optimizer: { learning-rate: 1.0e-3 }
        update: { minibatches: 2, micro-batch-tokens: 200 }
        steps: 20
        seed: 7
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private static IEnumerable<(int Batch, int Threads, bool Shared)> Combinations() => LongTests.On
        ? from batch in (int[])[1, 3, 32] from threads in (int[])[1, 2] from shared in (bool[])[true, false] select (batch, threads, shared)
        : [(1, 1, true), (32, 2, true), (3, 2, false), (32, 1, false)];

    [Theory, InlineData("f32"), InlineData("bf16"), InlineData("int8")]
    public void Sampled_equals_trained_and_a_run_is_the_same_for_every_batch_size_and_number_of_threads(string precision)
    {
        var recipe = _runs.Recipe(Recipe);
        // Whether a prompt's gradient is summed once a group or once a completion is another order of the same sum, so the two settings are
        // compared apart.
        var expected = new Dictionary<bool, List<string>>();
        foreach (var (batch, threads, shared) in precision == "f32" ? Combinations() : [(32, 2, true), (3, 1, true), (32, 1, false)])
        {
            var run =
                _runs.Train(recipe, $"{batch}-{threads}-{shared}", threads,
                [$"rollout.concurrency={batch}", $"rollout.share-prompts={(shared ? "true" : "false")}", $"precision={precision}",
                    $"rollout.speculation={(batch == 32 ? "off" : "auto")}"]);
            var lines = File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(line => JsonNode.Parse(line)!).ToList();
            lines.Count.ShouldBe(20);
            lines.ShouldAllBe(line => (double)line["logp_difference_max"]! == 0);
            lines.Count(line => (double)line["grad_norm"]! > 0).ShouldBeGreaterThan(15, "steps that move the adapter");
            if (!expected.TryAdd(shared, TinyRuns.Contents(run)))
                TinyRuns.ShouldBeTheSame(run, expected[shared], $"batch {batch}, {threads} threads, shared prompts: {shared}");
            output.WriteLine(
                $"{precision}, batch {batch}, {threads} threads, shared prompts {shared}: largest difference 0 in 20 steps, adapter "
                + $"{TinyRuns.Sha256(Path.Combine(TinyRuns.LastCheckpoint(run), "adapter_model.safetensors"))[..16]}");
        }
    }
}
