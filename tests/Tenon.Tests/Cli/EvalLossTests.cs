using Tenon.Evaluation.Benchmarks;
using Tenon.Models.Generation;
using Tenon.Rewards.Tasks;
using Tenon.Rollouts;
using Tenon.Runs.Evaluations;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>What an evaluation that ends early leaves, and what it counts.</summary>
public sealed class EvalLossTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private string Out(string name) => Path.Combine(_runs.Folder, name);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void Every_finished_sample_is_on_disk_so_that_a_stream_loses_at_most_the_one_it_is_at(int streams)
    {
        var model = LanguageModel.Open("tiny", maxLength: 128);
        var task = TaskFinder.Create("arithmetic");
        var benchmark = new Benchmark("sums@4", 4, TaskBenchmarks.Draw(task, 2, 1, 6));
        var settings = new EvaluationSettings { Prompt = "plain", MaxNewTokens = 40 };
        var prompts = EvaluationPrompts.Of(benchmark, settings, model.Encoder);
        var evaluator = new Evaluator(model.Model, model.Encoder, [new WeightedReward(task.Checker)],
            new GeneratorOptions { EndTokens = model.EndTokens, Concurrency = streams });
        var identity = evaluator.Identity(benchmark, prompts, settings, null);
        var stopped = 0;
        for (var at = 1; at < 24; at += 5)
        {
            using var stop = new CancellationTokenSource();
            var told = 0;
            using (var folder = EvaluationFolder.Open(Out("e"), identity))
            {
                void Told(int done, int of)
                {
                    told = done;
                    // What is told is there already: the file holds as many whole lines.
                    File.ReadLines(Path.Combine(Out("e"), "samples.jsonl")).Count().ShouldBe(done);
                    if (done >= at) stop.Cancel();
                }

                try
                {
                    evaluator.Run(folder, identity, benchmark, prompts, settings, null, (done, of) => { if (done > 0) Told(done, of); },
                        stop.Token);
                }
                catch (OperationCanceledException)
                {
                    stopped++;
                }
            }

            EvaluationFolder.ReadSamples(Out("e")).Count.ShouldBe(told);
        }

        stopped.ShouldBeGreaterThan(0);
    }

    [Fact, Trait("Speed", "slow")]
    public void Of_two_processes_on_one_folder_the_second_is_refused_and_the_first_ends_whole()
    {
        File.WriteAllLines(Out("bench.jsonl"), Enumerable.Range(0, 40)
            .Select(i => $"{{\"id\":\"p{i}\",\"problem\":\"{10 + i}+{200 + i}=?\",\"answer\":\"{210 + 2 * i}\"}}"));
        string[] words = ["eval", "tiny", "--benchmark", Out("bench.jsonl") + "@16", "--max-new-tokens", "48", "--output", Out("e")];
        using var first = TenonProcess.Start(words);
        while (!first.HasExited && !File.Exists(Path.Combine(Out("e"), "identity.json"))) Thread.Sleep(5);
        var (exit, _, error) = TenonProcess.Run(words);
        var wasRunning = !first.HasExited;
        first.WaitForExit();
        first.ExitCode.ShouldBe(0);
        // A first process that is done before the second has begun leaves nothing to refuse.
        if (wasRunning) (exit, error.Contains("in use", StringComparison.Ordinal)).ShouldBe((2, true), error);
        EvaluationFolder.ReadSamples(Out("e")).Count.ShouldBe(640);
    }

    [Fact]
    public void Votes_are_for_answers_that_are_equal_not_for_texts()
    {
        EvaluationSample Sample(int number, string? answer, bool right) =>
            new() { Problem = "p", Sample = number, Answer = answer, Correct = right, Score = right ? 1 : 0, Finish = "stop", Tokens = 3 };
        EvaluationSample[] samples = [Sample(0, "2", false), Sample(1, "2", false), Sample(2, "1/2", true), Sample(3, "0.5", true),
            Sample(4, "\\frac{1}{2}", true), Sample(5, null, false)];
        var figures = EvaluationFigures.Of("b@6", 6, samples, new EvaluationIdentity([]));
        ((double)figures.Json["maj_at_k"]!).ShouldBe(1);
        ((double)figures.Json["avg_at_k"]!).ShouldBe(0.5);
        ((double)figures.Json["format"]!).ShouldBe(5 / 6.0, 1e-12);
        figures.Json["maj_high"].ShouldNotBeNull();
    }
}
