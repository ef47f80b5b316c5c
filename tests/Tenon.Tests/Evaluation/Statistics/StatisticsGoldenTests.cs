using System.Text.Json;
using Tenon.Evaluation.Statistics;
using Tenon.Tests.Support;
using Tenon.Tests.Tensors.Linalg;

namespace Tenon.Tests.Evaluation.Statistics;

/// <summary>
/// Every statistic against exact fractions, numpy and scipy: formulas to 1e-12, p-values and quantiles to 1e-9, permutations exactly.
/// </summary>
public class StatisticsGoldenTests
{
    private const double Formula = 1e-12;
    private const double Probability = 1e-9;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pass_at_k_and_its_kin(bool all) => Check(all, "passk.jsonl", (line, see) =>
    {
        var (n, c, k) = (Whole(line, "n"), Whole(line, "c"), Whole(line, "k"));
        var got = Text(line, "what") switch
        {
            "pass@k" => PassAtK.Of(n, c, k),
            "g-pass@k" => GPassAtK.Of(n, c, k, Real(line, "tau")),
            _ => GPassAtK.Mean(n, c, k),
        };
        see(Text(line, "what"), got, "value", Formula);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Majority_votes(bool all) => Check(all, "majority.jsonl", (line, see) =>
    {
        var vote = MajorityVote.Of(line.GetProperty("answers").EnumerateArray().Select(a => a.GetString()));
        vote.Winner.ShouldBe(line.GetProperty("winner").GetString());
        vote.Tied.ShouldBe(line.GetProperty("tied").EnumerateArray().Select(a => a.GetString()!));
        see("votes", vote.Votes, "votes", Formula);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Averages_and_intervals_of_proportions(bool all) => Check(all, "intervals.jsonl", (line, see) =>
    {
        if (Text(line, "what") == "avg@k")
        {
            var average = AverageAtK.Of([.. line.GetProperty("correct").EnumerateArray().Select(c => c.GetInt32())], Whole(line, "k"));
            see("mean", average.Mean, "mean", Formula);
            see("standard error", average.StandardError, "standard_error", Formula);
            see("within questions", average.WithinQuestions, "within_question_se", Formula);
            see("pass@k", average.AnyRight, "pass_at_k", Formula);
            return;
        }

        var (n, c, confidence) = (Whole(line, "n"), Whole(line, "c"), Real(line, "confidence"));
        var (low, high) = Proportion.Wilson(c, n, confidence);
        see("Wilson", low, "wilson.0", Probability);
        see("Wilson", high, "wilson.1", Probability);
        (low, high) = Proportion.ClopperPearson(c, n, confidence);
        see("Clopper-Pearson", low, "clopper_pearson.0", Probability);
        see("Clopper-Pearson", high, "clopper_pearson.1", Probability);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Tests_of_two_models(bool all) => Check(all, "tests.jsonl", (line, see) =>
    {
        switch (Text(line, "what"))
        {
            case "mcnemar":
                var test = McNemar.Of(Whole(line, "only_first_right"), Whole(line, "only_second_right"));
                see("McNemar exact", test.Exact, "exact_p", Probability);
                see("McNemar mid-p", test.MidP, "mid_p", Probability);
                see("McNemar chi2", test.ChiSquare, "chi2_corrected", Formula);
                see("McNemar chi2 p", test.ChiSquareP, "chi2_corrected_p", Probability);
                break;
            case "paired":
                Paired(line, see);
                break;
            default:
                var two = TwoSampleTest.Of(Reals(line, "first"), Reals(line, "second"));
                see("Welch t", two.WelchT, "welch_t", Formula);
                see("Welch df", two.WelchDf, "welch_df", Formula);
                see("Welch p", two.WelchP, "welch_p", Probability);
                see("Student t", two.StudentT, "student_t", Formula);
                see("Student p", two.StudentP, "student_p", Probability);
                see("Cohen d", two.CohenD, "cohen_d", Formula);
                see("Hedges g", two.HedgesG, "hedges_g", Formula);
                see("Mann-Whitney U", two.MannWhitneyU, "mann_whitney_u", Formula);
                break;
        }
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Bootstraps(bool all) => Check(all, "bootstrap.jsonl", (line, see) =>
    {
        int[][] resamples =
            [.. line.GetProperty("indices").EnumerateArray().Select(r => r.EnumerateArray().Select(i => i.GetInt32()).ToArray())];
        var confidence = Real(line, "confidence");
        var bootstrap = PairedBootstrap.Of(Reals(line, "first"), Reals(line, "second"), resamples, confidence);
        see("mean", bootstrap.MeanDifference, "mean_difference", Formula);
        see("low", bootstrap.Low, "interval.0", Formula);
        see("high", bootstrap.High, "interval.1", Formula);
        see("standard error", bootstrap.StandardError, "standard_error", Formula);
        see("share not positive", bootstrap.ShareNotPositive, "share_not_positive", Formula);
        var (low, high) = PairedBootstrap.Interval(PairedBootstrap.Means(Reals(line, "first"), resamples), confidence);
        see("mean of the first, low", low, "first_mean_interval.0", Formula);
        see("mean of the first, high", high, "first_mean_interval.1", Formula);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Adjusted_p_values(bool all) => Check(all, "adjust.jsonl", (line, see) =>
    {
        var p = Reals(line, "p");
        foreach (var (key, got) in new[]
        {
            ("bonferroni", MultipleComparisons.Bonferroni(p)), ("holm", MultipleComparisons.Holm(p)),
            ("benjamini_hochberg", MultipleComparisons.BenjaminiHochberg(p)),
            ("benjamini_yekutieli", MultipleComparisons.BenjaminiYekutieli(p)),
        })
        {
            for (var i = 0; i < p.Length; i++) see(key, got[i], $"{key}.{i}", Formula);
        }
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Correlations(bool all) => Check(all, "correlation.jsonl", (line, see) =>
    {
        var (x, y) = (Reals(line, "x"), Reals(line, "y"));
        var (pearson, spearman, kendall) = (Correlation.Pearson(x, y), Correlation.Spearman(x, y), Correlation.Kendall(x, y));
        see("Pearson", pearson.Value, "pearson", Formula);
        see("Pearson p", pearson.P, "pearson_p", Probability);
        see("Spearman", spearman.Value, "spearman", Formula);
        see("Spearman p", spearman.P, "spearman_p", Probability);
        see("Kendall", kendall.Value, "kendall_tau_b", Formula);
        see("Kendall p", kendall.P, "kendall_p", Probability);
        Sample.Ranks(x).ShouldBe(Reals(line, "ranks_x"));
        Sample.Ranks(y).ShouldBe(Reals(line, "ranks_y"));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Distribution_functions(bool all) => Check(all, "special.jsonl", (line, see) =>
    {
        switch (Text(line, "what"))
        {
            case "student-t":
                see("Student's t", Distributions.StudentT(Real(line, "t"), Real(line, "df")), "cdf", Probability);
                see("Student's t, two-sided", Distributions.StudentTTwoSided(Real(line, "t"), Real(line, "df")), "two_sided", Probability);
                break;
            case "normal":
                see("normal", Distributions.Normal(Real(line, "z")), "cdf", Probability);
                break;
            case "normal-quantile":
                see("normal quantile", Distributions.NormalQuantile(Real(line, "q")), "z", Probability);
                break;
            case "student-t-quantile":
                see("Student's t quantile", Distributions.StudentTQuantile(Real(line, "q"), Real(line, "df")), "t", Probability);
                break;
            default:
                see("chi-squared", Distributions.ChiSquareTail(Real(line, "x"), Real(line, "df")), "sf", Probability);
                break;
        }
    });

    private static void Paired(JsonElement line, See see)
    {
        var (first, second) = (Reals(line, "first"), Reals(line, "second"));
        var test = PairedTest.Of(first, second);
        see("mean difference", test.MeanDifference, "mean_difference", Formula);
        see("t", test.T, "t", Formula);
        see("p", test.TwoSided, "p_two_sided", Probability);
        see("p greater", test.Greater, "p_greater", Probability);
        see("interval", test.Low, "ci95.0", Probability);
        see("interval", test.High, "ci95.1", Probability);
        see("d_z", test.CohenDz, "cohen_d_z", Formula);
        see("d", test.CohenD, "cohen_d_pooled", Formula);
        double[] differences = [.. second.Zip(first, (b, a) => b - a)];
        if (line.TryGetProperty("permutation_p_two_sided", out var two))
        {
            var flips = SignFlipTest.Of(differences);
            flips.Exact.ShouldBeTrue();
            flips.TwoSided.ShouldBe(two.GetDouble());
            flips.Greater.ShouldBe(line.GetProperty("permutation_p_greater").GetDouble());
        }

        if (!line.TryGetProperty("wilcoxon_p", out _)) return;
        var wilcoxon = Wilcoxon.Of(differences, exact: Text(line, "wilcoxon_method") == "exact")!;
        see("Wilcoxon", wilcoxon.Statistic, "wilcoxon_statistic", Formula);
        see("Wilcoxon p", wilcoxon.P, "wilcoxon_p", Probability);
    }

    private delegate void See(string kind, double got, string key, double tolerance);

    private static void Check(bool all, string file, Action<JsonElement, See> check)
    {
        var worst = new Worst();
        var number = 0;
        foreach (var text in
            File.ReadLines(Path.Combine(all ? GoldenFolder.Require("statistics")
            : Path.Combine(AppContext.BaseDirectory, "Golden", "statistics"), file)))
        {
            number++;
            var line = JsonDocument.Parse(text).RootElement;
            check(line, (kind, got, key, tolerance) =>
            {
                var path = key.Split('.');
                var expected = line.GetProperty(path[0]);
                if (path.Length > 1) expected = expected[int.Parse(path[1], System.Globalization.CultureInfo.InvariantCulture)];
                if (expected.ValueKind == JsonValueKind.Null) return;
                worst.See(kind, $"line {number}", Math.Abs(got - expected.GetDouble()),
                    tolerance * Math.Max(Math.Abs(expected.GetDouble()), 1e-300));
            });
        }

        worst.Report(file);
    }

    private static string Text(JsonElement line, string key) => line.GetProperty(key).GetString()!;

    private static int Whole(JsonElement line, string key) => line.GetProperty(key).GetInt32();

    private static double Real(JsonElement line, string key) => line.GetProperty(key).GetDouble();

    private static double[] Reals(JsonElement line, string key) => [.. line.GetProperty(key).EnumerateArray().Select(x => x.GetDouble())];
}
