using System.Text.Json;
using Tenon.Training.Schedules;

namespace Tenon.Tests.Training.Schedules;

/// <summary>Learning rates against transformers 5.23 and torch 2.13 (golden/optimizers, see its README).</summary>
public class ScheduleGoldenTests
{
    [Fact]
    public void Every_factor_is_that_of_transformers() =>
    GoldenLines.All(GoldenLines.Of("optimizers", "schedules.jsonl"), "schedules", one =>
        GoldenLines.ShouldBe("factor", Factors(one, one.GetProperty("factors").GetArrayLength()), one.Vector("factors"), 1e-12));

    private static double[] Factors(JsonElement one, int count)
    {
        var (name, s, rate) = (one.Text("name"), one.GetProperty("settings"), one.Number("base_lr"));
        if (name == "reduce_lr_on_plateau") return Plateau(s, one.Vector("metric"), rate);
        if (name == "greedy") return Greedy(s, one.Vector("metric"), rate);
        var plain = new LearningRateSchedule
        {
            TotalSteps = (long)one.Number("num_training_steps"),
            WarmupSteps = (long)one.Number("num_warmup_steps"),
            Cycles = s.Optional("num_cycles"),
            Floor = s.Optional("min_lr_rate") ?? s.Optional("min_lr_ratio") ?? (s.Optional("min_lr") ?? 0) / rate,
        };
        var schedule = name switch
        {
            "constant" => plain with { WarmupSteps = 0 },
            "constant_with_warmup" => plain,
            "linear" => plain with { Kind = ScheduleKind.Linear },
            "cosine" or "cosine_with_min_lr" => plain with { Kind = ScheduleKind.Cosine },
            "cosine_warmup_with_min_lr" =>
                plain with { Kind = ScheduleKind.Cosine, OneAhead = true, WarmupStart = s.Optional("warmup_lr_rate") },
            "cosine_with_restarts" => plain with { Kind = ScheduleKind.CosineRestarts },
            "polynomial" =>
                plain
                with
                { Kind = ScheduleKind.Polynomial, Power = s.Optional("power") ?? 1, Floor = (s.Optional("lr_end") ?? 1e-7) / rate },
            "inverse_sqrt" => plain with { Kind = ScheduleKind.InverseSqrt, Timescale = s.Optional("timescale") },
            "warmup_stable_decay" => plain with
            {
                Kind = ScheduleKind.WarmupStableDecay,
                DecaySteps = (long)s.Number("num_decay_steps"),
                WarmupShape = Shape(s.Text("warmup_type")),
                DecayShape = Shape(s.Text("decay_type")),
            },
            _ => throw new ShouldAssertException($"unknown schedule {name}"),
        };
        return Enumerable.Range(0, count).Select(t => schedule.Factor(t)).ToArray();
    }

    private static RampShape Shape(string name) => name switch
    {
        "cosine" => RampShape.Cosine,
        "1-sqrt" => RampShape.OneMinusSqrt,
        _ => RampShape.Linear,
    };

    private static Improvement Improvement(JsonElement s, Improvement otherwise) => new(
        s.TryGetProperty("mode", out var mode) && mode.GetString() == "max", s.Optional("threshold") ?? otherwise.Threshold,
        s.TryGetProperty("threshold_mode", out var kind) ? kind.GetString() == "rel" : otherwise.Relative);

    private static double[] Plateau(JsonElement s, double[] metrics, double rate)
    {
        var settings = new PlateauSettings(
            s.Optional("factor") ?? 0.1, (int)(s.Optional("patience") ?? 10), (int)(s.Optional("cooldown") ?? 0), s.Optional("min_lr")
            ?? 0);
        settings = settings with { Improvement = Improvement(s, settings.Improvement) };
        var (state, factors) = (PlateauState.Start(settings, rate), new List<double>());
        foreach (var metric in metrics)
        {
            factors.Add(state.Rate / rate);
            state = state.After(settings, metric);
        }
        return [.. factors];
    }

    private static double[] Greedy(JsonElement s, double[] metrics, double rate)
    {
        var smooth = s.TryGetProperty("smooth", out var flag) && flag.GetBoolean();
        var settings = new GreedySettings(
            s.Optional("factor") ?? 0.95, (int)(s.Optional("patience") ?? 10), (int)(s.Optional("cooldown") ?? 0),
            (int)(s.Optional("warmup") ?? 0),
            s.Optional("min_lr") ?? 1e-3, s.Optional("max_lr") ?? 1, smooth ? (int)(s.Optional("window_size") ?? 50) : 1);
        settings = settings with { Improvement = Improvement(s, settings.Improvement) };
        var (state, factors) = (GreedyState.New(settings, rate), new List<double>());
        foreach (var metric in metrics)
        {
            factors.Add(state.Rate / rate);
            state = state.After(settings, metric);
        }
        return [.. factors];
    }
}
