using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;

namespace Tenon.Cli.Commands;

/// <summary>
/// <c>tenon bench context</c>: the time of a decoding step against the length of the context. Prompts of random tokens are computed first,
/// of each length in turn; a short stretch behind them is timed. The line a + b length through the steps stands beside the slope of the
/// attention jobs alone and beside the keys and values that a position adds at the bandwidth that this machine has from memory.
/// </summary>
internal static class BenchContext
{
    /// <summary>One length: seconds of a step and of its attention, both the middle of the steps.</summary>
    private sealed record Point(int Length, double Step, double Attention);

    /// <summary>Measures.</summary>
    /// <param name="loaded">The model.</param>
    /// <param name="adapter">The adapter that samples; null for the model alone.</param>
    /// <param name="precision">Precision of the products.</param>
    /// <param name="prompts">Prompts of their own.</param>
    /// <param name="samples">Completions of each.</param>
    /// <param name="steps">Steps that are timed at each length.</param>
    /// <param name="lengths">Lengths of the prompts, ascending.</param>
    public static JsonObject Measure(LanguageModel loaded, IAdapter? adapter, Precision precision, int prompts, int samples, int steps,
        IReadOnlyList<int> lengths)
    {
        var config = loaded.Model.Config;
        var bandwidth = MachineLimits.Measure(WorkerPool.Default).Bandwidth;
        var points = lengths.Select(length => At(loaded, adapter, precision, prompts, samples, steps, length)).ToList();
        var (fixedSeconds, slope) = Line([.. points.Select(p => (p.Length + steps / 2.0, p.Step))]);
        var (_, attention) = Line([.. points.Select(p => (p.Length + steps / 2.0, p.Attention))]);
        // Of a position of every prompt: its completions read its keys and values once for all of them, as long as they stay in a cache.
        var bytes = (double)GeneratorMemory.PageBytes(config, precision) / AttentionLayout.PageSize * prompts;
        return new JsonObject
        {
            ["streams"] = prompts * samples, ["prompts"] = prompts,
            ["points"] = new JsonArray(
            [
                .. points.Select(p => new JsonObject
                {
                    ["context"] = p.Length, ["step_ms"] = Milli(p.Step), ["attention_ms"] = Milli(p.Attention),
                    ["line_ms"] = Milli(fixedSeconds + slope * (p.Length + steps / 2.0)),
                    ["attention_gb_per_s"] = Math.Round(bytes * p.Length / p.Attention / 1e9, 2),
                }),
            ]),
            ["fixed_ms"] = Milli(fixedSeconds), ["slope_us"] = Micro(slope), ["attention_slope_us"] = Micro(attention),
            ["read_slope_us"] = Micro(bytes / bandwidth), ["read_gb_per_s"] = Math.Round(bandwidth / 1e9, 1),
        };
    }

    /// <summary>The figures as a table.</summary>
    public static void Write(JsonObject measured, TextWriter writer)
    {
        writer.WriteLine($"{"context",8} {"step, ms",10} {"the line",10} {"attention",10} {"GB/s",8}");
        foreach (var point in measured["points"]!.AsArray())
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(int)point!["context"]!,8} {(double)point["step_ms"]!,10:F3} {(double)point["line_ms"]!,10:F3} "
                + $"{(double)point["attention_ms"]!,10:F3} {(double)point["attention_gb_per_s"]!,8:F2}"));
    }

    private static Point At(LanguageModel loaded, IAdapter? adapter, Precision precision, int prompts, int samples, int steps, int length)
    {
        var key = new RandomKey(11);
        var engine = new GenerationEngine(loaded.Model, new GeneratorOptions
        {
            Concurrency = prompts * samples, Precision = precision, Speculate = false, EndTokens = new HashSet<int>(),
        });
        var begun = 0;
        for (var p = 0; p < prompts; p++)
        {
            int[] ids = [.. Enumerable.Range(0, length).Select(t =>
                key.Index(loaded.Model.Config.VocabSize, RandomPurpose.Sampling, 1, (uint)p, 0, (uint)t))];
            engine.Submit(new GenerationRequest(ids, samples, steps + 2, new RandomPlace(1, RandomPurpose.Sampling, 0, (uint)p))
            {
                Adapter = adapter,
            }, onToken: (_, _) => begun++);
        }

        // All of them have their first token once all prompts are computed; those that began earlier would end too soon otherwise.
        while (begun < prompts * samples || engine.Alive < prompts * samples)
            if (!engine.Step()) break;
        var (whole, attention) = (new List<double>(), new List<double>());
        while (engine.Alive == prompts * samples)
        {
            using var profile = WorkProfile.Start();
            var start = Stopwatch.GetTimestamp();
            engine.Step();
            whole.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            profile.Dispose();
            attention.Add(profile.Shares.Where(s => s.What.StartsWith("attention", StringComparison.Ordinal)).Sum(s => s.Seconds));
        }

        engine.CancelAll();
        engine.Step();
        return new Point(length, Middle(whole), Middle(attention));
    }

    private static double Middle(List<double> values) => values.Order().ElementAtOrDefault(values.Count / 2);

    private static (double Fixed, double Slope) Line(IReadOnlyList<(double X, double Y)> points)
    {
        var (x, y) = (points.Average(p => p.X), points.Average(p => p.Y));
        var spread = points.Sum(p => (p.X - x) * (p.X - x));
        var slope = spread == 0 ? 0 : points.Sum(p => (p.X - x) * (p.Y - y)) / spread;
        return (y - slope * x, slope);
    }

    private static double Milli(double seconds) => Math.Round(seconds * 1e3, 3);

    private static double Micro(double seconds) => Math.Round(seconds * 1e6, 4);
}
