using System.Text.Json.Nodes;
using Tenon.Runs;

namespace Tenon.Evaluation.Spectra;

/// <summary>A <see cref="ModuleSpectrum"/> as the line that <c>tenon spectra --json</c> writes and <c>tenon report</c> reads.</summary>
public static class SpectrumLine
{
    /// <summary>The line; numbers that are not known are null.</summary>
    public static JsonObject ToJson(this ModuleSpectrum s)
    {
        var json = new JsonObject
        {
            ["module"] = s.Module,
            ["step"] = s.Step,
            ["kind"] = s.IsNorm ? "norm" : "matrix",
            ["rows"] = s.Rows,
            ["columns"] = s.Columns,
            ["update_norm"] = RunJson.Finite(s.UpdateNorm),
            ["weight_norm"] = RunJson.Finite(s.WeightNorm),
            ["relative"] = RunJson.Finite(s.Relative),
            ["stable_rank"] = RunJson.Finite(s.StableRank),
            ["effective_rank"] = RunJson.Finite(s.EffectiveRank),
            ["rank"] = s.Rank,
            ["energy"] = Numbers(s.Energy),
            ["energy_left"] = Numbers(s.LeftEnergy),
            ["principal_half"] = RunJson.Finite(s.PrincipalHalf),
            ["shift"] = RunJson.Finite(s.Shift),
            ["cosine"] = RunJson.Finite(s.Cosine),
            ["sparsity"] = RunJson.Finite(s.Sparsity),
            ["same_in_bf16"] = RunJson.Finite(s.SameInBf16),
            ["largest_before"] = RunJson.Finite(s.LargestBefore),
            ["largest_after"] = RunJson.Finite(s.LargestAfter),
            ["angles_left"] = Numbers(s.Angles.Left),
            ["angles_right"] = Numbers(s.Angles.Right),
            ["angle_error"] = RunJson.Finite(s.AngleError),
            ["directions"] = s.Directions,
            ["known"] = s.Known,
            ["value_error"] = RunJson.Finite(s.ValueError),
            ["range_error"] = RunJson.Finite(s.RangeError),
        };
        s.Details?.AddTo(json);
        return json;
    }

    /// <summary>The spectrum of a line; null for a line that is none (the summary at the end).</summary>
    public static ModuleSpectrum? Parse(JsonObject json)
    {
        if (RunJson.Text(json["module"]) is not { } module) return null;
        var update = Values(json, "values_update");
        return new()
        {
            Module = module,
            Step = (int?)RunJson.Whole(json["step"]),
            IsNorm = RunJson.Text(json["kind"]) == "norm",
            Rows = (int?)RunJson.Whole(json["rows"]) ?? 0,
            Columns = (int?)RunJson.Whole(json["columns"]) ?? 0,
            UpdateNorm = RunJson.Number(json["update_norm"]),
            WeightNorm = RunJson.Number(json["weight_norm"]),
            StableRank = RunJson.Number(json["stable_rank"]),
            EffectiveRank = RunJson.Number(json["effective_rank"]),
            Rank = (int?)RunJson.Whole(json["rank"]),
            Energy = Tenths(json, "energy"),
            LeftEnergy = Tenths(json, "energy_left"),
            PrincipalHalf = RunJson.Number(json["principal_half"]),
            Shift = RunJson.Number(json["shift"]),
            Cosine = RunJson.Number(json["cosine"]),
            Sparsity = RunJson.Number(json["sparsity"]),
            SameInBf16 = RunJson.Number(json["same_in_bf16"]),
            LargestBefore = RunJson.Number(json["largest_before"]),
            LargestAfter = RunJson.Number(json["largest_after"]),
            Angles = (Values(json, "angles_left") ?? [], Values(json, "angles_right") ?? []),
            AngleError = RunJson.Number(json["angle_error"]),
            Directions = (int?)RunJson.Whole(json["directions"]) ?? 0,
            Known = (int?)RunJson.Whole(json["known"]) ?? 0,
            ValueError = RunJson.Number(json["value_error"]),
            RangeError = RunJson.Number(json["range_error"]),
            Details = update is null ? null : new SpectrumDetails
            {
                Before = Values(json, "values_before") ?? [], After = Values(json, "values_after") ?? [], Update = update,
                Measures = json["measures"]?.DeepClone() as JsonObject,
            },
        };
    }

    private static double[] Tenths(JsonObject json, string key) =>
        Values(json, key) is { Length: 10 } shares ? shares : [.. Enumerable.Repeat(double.NaN, 10)];

    private static double[]? Values(JsonObject json, string key) =>
        json[key] is JsonArray array ? [.. array.Select(RunJson.Number)] : null;

    private static JsonArray Numbers(double[] values) => new([.. values.Select(RunJson.Finite)]);
}
