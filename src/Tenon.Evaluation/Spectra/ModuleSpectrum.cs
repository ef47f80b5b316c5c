using System.Text.Json.Nodes;

namespace Tenon.Evaluation.Spectra;

/// <summary>What one matrix's update looks like at one step: the line of <c>tenon spectra --json</c>.</summary>
/// <param name="Module">The layer's path.</param>
/// <param name="Step">The run's step; null for an adapter alone.</param>
/// <param name="Rows">Outputs.</param>
/// <param name="Columns">Inputs.</param>
/// <param name="UpdateNorm">|dW|_F.</param>
/// <param name="WeightNorm">|W|_F.</param>
/// <param name="StableRank">Of dW.</param>
/// <param name="EffectiveRank">Of dW.</param>
/// <param name="Rank">Singular values of dW above 1e-6 of its largest.</param>
/// <param name="Energy">Shares of |dW v_j|² over tenths of the base's right directions, largest first.</param>
/// <param name="LeftEnergy">The same of |u_jᵀ dW|² over the left directions.</param>
/// <param name="PrincipalHalf">The share of the first half of the right directions.</param>
/// <param name="Shift">|S' - S| / |S|: how far the spectrum itself moved.</param>
/// <param name="Cosine">Cosine between W and W'.</param>
/// <param name="Sparsity">Share of entries with |dW| at most 1e-5.</param>
/// <param name="SameInBf16">Share of entries that bfloat16 does not tell apart.</param>
/// <param name="Angles">Principal angles between the first directions of W and W', left and right, radians ascending; empty where not asked
/// for.</param>
/// <param name="AngleError">The order of their error; 0 where they are exact.</param>
public sealed record ModuleSpectrum(
    string Module, int? Step, int Rows, int Columns, double UpdateNorm, double WeightNorm, double StableRank, double EffectiveRank,
    int Rank,
    double[] Energy, double[] LeftEnergy, double PrincipalHalf, double Shift, double Cosine, double Sparsity, double SameInBf16,
    (double[] Left, double[] Right) Angles, double AngleError)
{
    /// <summary>|dW|_F / |W|_F; 0 where W is zero.</summary>
    public double Relative => WeightNorm == 0 ? 0 : UpdateNorm / WeightNorm;

    /// <summary>The largest of the angles, radians; NaN where none were asked for.</summary>
    public double LargestAngle => Angles.Left.Length == 0 ? double.NaN : Math.Max(Angles.Left[^1], Angles.Right[^1]);

    /// <summary>Singular values of W, W' and dW, where asked for.</summary>
    public (double[] Before, double[] After, double[] Update)? Values { get; init; }

    /// <summary>
    /// Takes the measures of a spectrum; <paramref name="angles"/> first directions are compared, <paramref name="exact"/> by decomposing
    /// W'.
    /// </summary>
    public static ModuleSpectrum Of(
        string module, int? step, UpdateSpectrum spectrum, double weightNorm, (int Rows, int Columns) shape, int angles, bool exact,
        bool values)
    {
        var k = Math.Min(angles, spectrum.Before.Length);
        var (left, right, error) = (k, exact) switch
        {
            (0, _) => ([], [], 0.0),
            (_, true) => (spectrum.LeftAngles(k), spectrum.RightAngles(k), 0.0),
            _ => spectrum.TopAngles(k),
        };
        var update = spectrum.Update;
        return new(
            module, step, shape.Rows, shape.Columns, spectrum.UpdateNorm, weightNorm, SpectrumMeasures.StableRank(update),
            SpectrumMeasures.EffectiveRank(update),
            update.Count(s => s > 1e-6 * update[0]), SpectrumMeasures.Tenths(spectrum.RightEnergy),
            SpectrumMeasures.Tenths(spectrum.LeftEnergy),
            SpectrumMeasures.PrincipalHalf(spectrum.RightEnergy), spectrum.NormalizedSpectralShift, spectrum.Cosine,
            spectrum.Sparsity.Below1e5,
            spectrum.Sparsity.SameInBf16, (left, right), error)
        {
            Values = values ? (spectrum.Before, spectrum.After, update) : null,
        };
    }

    /// <summary>The JSON line.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["module"] = Module,
            ["step"] = Step,
            ["rows"] = Rows,
            ["columns"] = Columns,
            ["update_norm"] = UpdateNorm,
            ["weight_norm"] = WeightNorm,
            ["relative"] = Relative,
            ["stable_rank"] = StableRank,
            ["effective_rank"] = EffectiveRank,
            ["rank"] = Rank,
            ["energy"] = Numbers(Energy),
            ["energy_left"] = Numbers(LeftEnergy),
            ["principal_half"] = PrincipalHalf,
            ["shift"] = Shift,
            ["cosine"] = Cosine,
            ["sparsity"] = Sparsity,
            ["same_in_bf16"] = SameInBf16,
            ["angles_left"] = Numbers(Angles.Left),
            ["angles_right"] = Numbers(Angles.Right),
            ["angle_error"] = double.IsFinite(AngleError) ? AngleError : null,
        };
        if (Values is not { } values) return json;
        json["values_before"] = Numbers(values.Before);
        json["values_after"] = Numbers(values.After);
        json["values_update"] = Numbers(values.Update);
        return json;
    }

    private static JsonArray Numbers(double[] values) => new([.. values.Select(v => (JsonNode?)JsonValue.Create(v))]);
}
