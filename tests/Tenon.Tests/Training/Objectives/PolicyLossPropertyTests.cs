using System.Text.Json.Nodes;
using Tenon.Training.Objectives;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training.Objectives;

/// <summary>Promises of every objective: gradients are derivatives, cuts change no bit, masked tokens do not matter.</summary>
public class PolicyLossPropertyTests
{
    /// <summary>Every preset, and every single choice on top of one.</summary>
    public static IEnumerable<(string Name, ObjectiveSettings Settings)> Objectives()
    {
        foreach (var name in ObjectivePresets.Names) yield return (name, ObjectivePresets.Named(name));
        var dapo = ObjectivePresets.Named("dapo");
        foreach (var aggregation in Enum.GetValues<LossAggregation>().Where(kind => kind != LossAggregation.Row))
            yield return ($"dapo {aggregation}", dapo with { Aggregation = aggregation });
        foreach (var ratio in new[] { RatioLevel.Sequence, RatioLevel.SequenceSum })
            yield return ($"dapo {ratio}", dapo with { Ratio = ratio });
        foreach (var estimator in Enum.GetValues<KlEstimator>())
            yield return ($"dapo {estimator}", dapo with { Kl = 0.3, KlEstimator = estimator });
        yield return ("dapo bias-corrected", dapo with { Kl = 0.3, KlBiasCorrection = true });
        yield return ("gspo bias-corrected", ObjectivePresets.Named("gspo") with { Kl = 0.3, KlBiasCorrection = true });
        yield return ("dapo bounded k3", dapo with { Kl = 0.3, KlBound = 0.01 });
        yield return ("dapo drift", dapo with { DriftPenalty = 0.3 });
        yield return ("dapo second moment", dapo with { SecondMomentMax = 0.02, RejectedTokens = RejectedTokens.Removed });
        yield return ("grpo future", ObjectivePresets.Named("grpo") with { FutureHalfLife = 2, FutureLow = 0.3, FutureSafety = 1.1 });
        yield return ("real with kl", ObjectivePresets.Named("real") with { Kl = 0.2, DriftPenalty = 0.1 });
        yield return ("dapo delta", dapo with { Delta = 1.5 });
        yield return ("dapo entropy", dapo with { EntropyBonus = 0.1, EntropyQuantile = 0.5 });
        yield return ("gmpo entropy", ObjectivePresets.Named("gmpo") with { EntropyQuantile = 0.5, Kl = 0.1 });
        yield return ("grpo sampler",
            ObjectivePresets.Named("grpo") with { SamplerCorrection = SamplerCorrection.TokenMask, SamplerMax = 1.2 });
        yield return ("grpo tests", ObjectivePresets.Named("grpo") with { SamplerTests = [new SamplerTest { Max = 0.01 }] });
        yield return ("vespo sampler", ObjectivePresets.Named("vespo") with { SamplerCorrection = SamplerCorrection.TokenTruncate });
        yield return ("grpo off-policy", ObjectivePresets.Named("grpo") with { OffPolicyThreshold = 0 });
    }

    public static TheoryData<string> Names => [.. Objectives().Select(one => one.Name)];

    private static ObjectiveSettings Settings(string name) => Objectives().First(one => one.Name == name).Settings;

    // Ragged rows, one without loss tokens, one empty; far from the kinks of the losses only by luck of the seed.
    private static PolicyWindow Window(int seed)
    {
        var random = new Random(seed);
        int[] lengths = [5, 1, 0, 7, 3, 4];
        var starts = lengths.Aggregate(new List<int> { 0 }, (list, length) => [.. list, list[^1] + length]).ToArray();
        double[] Around(double[] centre, double spread) => centre.Select(value => value + spread * (random.NextDouble() - 0.5)).ToArray();
        var logps = Enumerable.Range(0, starts[^1]).Select(_ => -0.1 - 2 * random.NextDouble()).ToArray();
        var mask = logps.Select(_ => random.NextDouble() < 0.8).ToArray();
        Array.Fill(mask, false, starts[4], 3);
        var old = Around(logps, 0.8);
        return new PolicyWindow
        {
            RowStarts = starts,
            Mask = mask,
            Logps = logps,
            OldLogps = old,
            RefLogps = Around(logps, 1),
            SamplerLogps = Around(old, 0.4),
            Entropies = logps.Select(_ => 2 * random.NextDouble()).ToArray(),
            Advantages = Advantages.Broadcast(lengths.Select(_ => 2 * random.NextDouble() - 1).ToArray(), starts),
            GroupStarts = [0, 2, 6],
        };
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_gradient_is_the_derivative(string name)
    {
        var settings = Settings(name);
        for (var seed = 0; seed < 4; seed++)
        {
            var window = Window(seed);
            var plan = LossPlan.Of(settings, window, 8, draw: count => Enumerable.Range(0, count).ToArray());
            var result = PolicyLoss.Of(settings, window, plan);
            const double h = 1e-6;
            for (var t = 0; t < window.Mask.Length; t++)
            {
                var (up, down) = (Shifted(settings, window, plan, t, h), Shifted(settings, window, plan, t, -h));
                var slope = (up - down) / (2 * h);
                GoldenLines.ShouldBe($"seed {seed}, token {t}", result.GradLogps[t], slope, 1e-7);
                PolicyWindow Moved(double by) =>
                    window with { Entropies = window.Entropies!.Select((value, i) => i == t ? value + by : value).ToArray() };
                var bonus = (PolicyLoss.Of(settings, Moved(h), plan).Loss - PolicyLoss.Of(settings, Moved(-h), plan).Loss) / (2 * h);
                GoldenLines.ShouldBe($"seed {seed}, entropy {t}", result.GradEntropies[t], bonus, 1e-7);
            }
        }
    }

    // The loss with one log-probability moved. Where a factor is detached the old log-probability moves along, so that the factor stands
    // still; with the gradient of a token under the ratio of its row, the others make up for what the mean moves. The loss of a group as a
    // classifier lies in the plan, which is made anew; weights by what follows are detached and become part of the advantages.
    private static double Shifted(ObjectiveSettings settings, PolicyWindow window, LossPlan plan, int token, double by)
    {
        if (settings.FutureHalfLife is not null)
        {
            window = window with { Advantages = [.. window.Advantages.Zip(Future(settings, window), (a, f) => a * f)] };
            settings = settings with { FutureHalfLife = null };
        }
        var logps = (double[])window.Logps.Clone();
        logps[token] += by;
        var old = (double[])window.OldLogps!.Clone();
        if (settings.Loss is PolicyLossKind.WeightedLogProb or PolicyLossKind.GammaWeighted) old[token] += by;
        if (settings.Loss == PolicyLossKind.Classification)
        {
            var moved = window with { Logps = logps };
            return PolicyLoss.Of(settings, moved, LossPlan.Of(settings, moved, 8)).Loss;
        }
        if (settings.Ratio != RatioLevel.SequenceToken)
            return PolicyLoss.Of(settings, window with { Logps = logps, OldLogps = old }, plan).Loss;

        // The token judged alone by the ratio of its row: log s + (l - sg l).
        var row = Array.FindLastIndex(window.RowStarts, start => start <= token);
        var (sum, count) = (0.0, 0);
        for (var t = window.RowStarts[row]; t < window.RowStarts[row + 1]; t++)
        {
            if (!window.Mask[t]) continue;
            sum += window.Logps[t] - window.OldLogps[t];
            count++;
        }
        old[token] = window.Logps[token] - sum / Math.Max(1, count);
        var alone = settings with { Ratio = RatioLevel.Token };
        return PolicyLoss.Of(alone, window with { Logps = logps, OldLogps = old }, plan).Loss;
    }

    private static double[] Future(ObjectiveSettings settings, PolicyWindow window)
    {
        var weights = new double[window.Mask.Length];
        for (var row = 0; row < window.Rows; row++)
        {
            var (start, length) = (window.RowStarts[row], window.RowStarts[row + 1] - window.RowStarts[row]);
            double[] d = [.. Enumerable.Range(start, length).Select(t => window.Mask[t] ? window.Logps[t] - window.Old(t) : 0)];
            FutureWeights.Fill(settings.Future!.Value, settings.Clip, settings.LogRatioBound, d,
                window.Advantages.AsSpan(start, length), window.Mask.AsSpan(start, length), weights.AsSpan(start, length));
        }
        return weights;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_cut_into_micro_batches_gives_the_same_bits(string name)
    {
        var settings = Settings(name);
        var window = Window(11);
        var plan = LossPlan.Of(settings, window, 8, draw: count => Enumerable.Range(0, count).ToArray());
        var whole = PolicyLoss.Of(settings, window, plan);
        for (var cut = 0; cut < 1 << (window.Rows - 1); cut++)
        {
            var (logps, entropies, totals) = (new double[window.Mask.Length], new double[window.Mask.Length], new LossTotals(settings));
            var first = 0;
            for (var row = 1; row <= window.Rows; row++)
            {
                if (row < window.Rows && (cut >> (row - 1) & 1) == 0) continue;
                PolicyLoss.Accumulate(settings, window, plan, first, row, logps, entropies, totals);
                first = row;
            }
            totals.Loss.ShouldBe(whole.Loss);
            logps.ShouldBe(whole.GradLogps);
            entropies.ShouldBe(whole.GradEntropies);
            totals.Report().ToList().ShouldBe(whole.Report.ToList());
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Masked_tokens_do_not_matter(string name)
    {
        var settings = Settings(name);
        var window = Window(5);
        double[] Poisoned(double[] values) => values.Select((value, t) => window.Mask[t] ? value : double.NaN).ToArray();
        LossResult Run(PolicyWindow x) =>
            PolicyLoss.Of(settings, x, LossPlan.Of(settings, x, 8, draw: count => Enumerable.Range(0, count).ToArray()));
        var poisoned = window with
        {
            Logps = Poisoned(window.Logps),
            OldLogps = Poisoned(window.OldLogps!),
            RefLogps = Poisoned(window.RefLogps!),
            SamplerLogps = Poisoned(window.SamplerLogps!),
            Entropies = Poisoned(window.Entropies!),
        };
        var (clean, dirty) = (Run(window), Run(poisoned));
        dirty.Loss.ShouldBe(clean.Loss);
        dirty.GradLogps.ShouldBe(clean.GradLogps);
        dirty.GradEntropies.ShouldBe(clean.GradEntropies);
        dirty.GradLogps.Where((_, t) => !window.Mask[t]).ShouldAllBe(slope => slope == 0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_objective_is_valid_and_finite_far_from_the_old_policy(string name)
    {
        var settings = Settings(name);
        SettingsCheck.Faults(settings).ShouldBeEmpty();
        var window = Window(3);
        window = window with { OldLogps = window.Logps.Select((value, t) => value + (t % 2 == 0 ? 900 : -900)).ToArray() };
        var result = PolicyLoss.Of(settings, window, LossPlan.Of(settings, window, 8, draw: count => Enumerable.Range(0, count).ToArray()));
        double.IsFinite(result.Loss).ShouldBeTrue();
        result.GradLogps.ShouldAllBe(slope => double.IsFinite(slope));
    }

    [Fact]
    public void On_the_first_update_every_ratio_is_one_and_the_gradient_is_that_of_the_policy_gradient()
    {
        var window = Window(1) with { OldLogps = null };
        foreach (var name in new[] { "grpo", "dapo", "dr-grpo", "sapo", "gspo-token", "cispo" })
        {
            var settings = ObjectivePresets.Named(name);
            var plan = LossPlan.Of(settings, window, 8);
            var plain = PolicyLoss.Of(settings with { Loss = PolicyLossKind.LogProb }, window, plan);
            GoldenLines.ShouldBe(name, PolicyLoss.Of(settings, window, plan).GradLogps, plain.GradLogps, 1e-15);
        }
        ExactMath.Exp(0.0).ShouldBe(1);
    }

    [Fact]
    public void Faults_are_all_named_at_once()
    {
        var faults = SettingsCheck.Faults(ObjectivePresets.Named("cispo") with { WeightCap = null, ClipLow = -1, Kl = -1, Delta = 1.1 });
        faults.Select(fault => fault.Key).ShouldBe(["clip-low", "kl", "delta", "weight-cap"], ignoreOrder: true);
        Should.Throw<TenonException>(() => ObjectivePresets.Named("gropo")).IsUsage.ShouldBeTrue();
    }

    [Fact]
    public void A_recipe_may_name_every_preset()
    {
        var words = typeof(ObjectiveSettings).GetProperty(nameof(ObjectiveSettings.Preset))!.GetCustomAttributes(false)
            .OfType<WordsAttribute>().Single();
        words.Words.ShouldBe(ObjectivePresets.Names);
        foreach (var name in ObjectivePresets.Names) ObjectivePresets.Named(name).Preset.ShouldBe(name);
    }

    [Fact]
    public void Keys_that_a_recipe_leaves_out_are_those_of_its_preset()
    {
        var run = SettingsJson.Read<RunSettings>(JsonNode.Parse("""{"objective":{"preset":"gspo","clip-high":0.01}}""")!);
        ShouldBeSame(run.Objective, ObjectivePresets.Named("gspo") with { ClipHigh = 0.01 });
        ShouldBeSame(SettingsJson.Read<RunSettings>(SettingsJson.Write(run)).Objective, run.Objective);
        ShouldBeSame(SettingsJson.Read<RunSettings>(JsonNode.Parse("{}")!).Objective, ObjectivePresets.Named("dapo"));
    }

    private static void ShouldBeSame(ObjectiveSettings actual, ObjectiveSettings expected) =>
        SettingsJson.Write(actual).ToJsonString().ShouldBe(SettingsJson.Write(expected).ToJsonString());

    [Fact]
    public void The_entropy_controller_is_off_in_its_first_step_and_moves_towards_its_target()
    {
        var settings = new ObjectiveSettings { EntropyAdaptive = true, EntropyBonus = 0.01, EntropyTarget = 0.5, EntropyBonusMax = 0.012 };
        var start = new EntropyController(settings.EntropyBonus);
        start.Effective(settings.Entropy).ShouldBe(0);
        var low = start.After(settings.Entropy, 0.4);
        (low.Coefficient, low.Effective(settings.Entropy)).ShouldBe((0.012, 0.012));
        var high = low.After(settings.Entropy, 0.6);
        (Math.Round(high.Coefficient, 12), high.Effective(settings.Entropy)).ShouldBe((0.007, 0));
    }
}
