using System.Numerics;
using Tenon.Adapters;
using Tenon.Training.Settings;

namespace Tenon.Training.Optimizers;

/// <summary>The update rule that a recipe names.</summary>
internal static class UpdateRules
{
    /// <summary>The rule of the settings' method, with the method's own defaults where the settings leave a value open.</summary>
    public static UpdateRule<T> Of<T>(OptimizerSettings s, UpdateForm form = UpdateForm.Recipe)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var (beta2, epsilon) = (s.Beta2 ?? 0.999, s.Epsilon ?? 1e-8);
        if (form == UpdateForm.PlainRootAdamW && s.Method == "adamw") return new PlainRootAdamRule<T>(s.Beta1, beta2, s.Epsilon ?? 1e-6);
        return s.Method switch
        {
            "adamw" => new AdamRule<T>(s.Beta1, beta2, epsilon, decoupled: true, s.Amsgrad),
            "adam" => new AdamRule<T>(s.Beta1, beta2, epsilon, decoupled: false, s.Amsgrad),
            "nadam" => new NAdamRule<T>(s.Beta1, beta2, epsilon, 4e-3),
            "radam" => new RAdamRule<T>(s.Beta1, beta2, epsilon),
            "adamax" => new AdamaxRule<T>(s.Beta1, beta2, epsilon),
            "sgd" => new SgdRule<T>(s.Momentum ?? 0, s.Dampening, s.Nesterov ?? false),
            "rmsprop" => new RmsPropRule<T>(s.Smoothing, epsilon, s.Centered, s.Momentum ?? 0),
            "adagrad" => new AdagradRule<T>(0, 0, s.Epsilon ?? 1e-10),
            "lion" => new LionRule<T>(s.Beta1, s.Beta2 ?? 0.99),
            "adafactor" => new AdafactorRule<T>(-0.8, s.Epsilon, 1e-3, 1),
            "adafactor-relative" => new RelativeAdafactorRule<T>(new RelativeAdafactorSettings(RelativeStep: false, ScaleParameter: false)),
            "muon" =>
                new MuonRule<T>(s.Momentum ?? 0.95, s.Nesterov
                ?? true, 5, MuonRate.Original, new AdamRule<T>(s.Beta1, beta2, epsilon, decoupled: true)),
            _ => throw new TenonException("optimizer.method", "a method of docs/recipes.md", s.Method, usage: true),
        };
    }
}
