using Tenon.Adapters;
using Tenon.Tensors;
using Tenon.Training;
using Tenon.Training.Optimizers;
using Tenon.Training.Schedules;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training.Optimizers;

/// <summary>The optimizer of a run: every method steps, resumes to the same bits, and tells parameters apart by identity.</summary>
public class AdapterOptimizerTests
{
    public static TheoryData<string> Methods =>
        [.. typeof(OptimizerSettings).GetProperty(nameof(OptimizerSettings.Method))!.GetCustomAttributes(false).OfType<WordsAttribute>()
        .Single().Words];

    private static Parameter[] Parameters()
    {
        var (matrix, vector) = (Parameter.Create("matrix", 5, 7), Parameter.Create("vector", 11));
        matrix.Set(Enumerable.Range(0, 35).Select(i => (i % 9 - 4) * 0.1f).ToArray());
        vector.Set(Enumerable.Range(0, 11).Select(i => (i % 5 - 2) * 0.2f).ToArray());
        return [matrix, vector];
    }

    private static void Fill(Parameter[] parameters, int step)
    {
        foreach (var parameter in parameters)
            for (var i = 0; i < parameter.Length; i++) parameter.GradientOrZero()[i] = ((i * 7 + step * 13) % 17 - 8) * 0.05f;
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Every_method_moves_and_resumes_to_the_same_bits(string method)
    {
        var settings =
            new OptimizerSettings
            {
                Method = method, LearningRate = 0.01, WeightDecay = 0.01, Schedule = ScheduleKind.Cosine,
                WarmupSteps = 2
            };
        var (whole, cut) = (Parameters(), Parameters());
        var (straight, first) = (new AdapterOptimizer(whole, settings, 10), new AdapterOptimizer(cut, settings, 10));
        for (var step = 0; step < 10; step++)
        {
            Fill(whole, step);
            straight.Step();
            if (step == 5)
            {
                var saved = first.State.ToDictionary(array => array.Name, array => (float[])array.Values.Clone());
                var second = new AdapterOptimizer(cut, settings, 10);
                second.Restore(first.Updates, name => saved[name]);
                first = second;
            }
            Fill(cut, step);
            first.Step();
        }
        for (var i = 0; i < whole.Length; i++)
        {
            cut[i].Value.ToArray().ShouldBe(whole[i].Value.ToArray());
            whole[i].Value.ToArray().ShouldNotBe(Parameters()[i].Value.ToArray());
            whole[i].Value.ToArray().ShouldAllBe(value => float.IsFinite(value));
        }
    }

    [Fact]
    public void A_group_changes_rate_and_decay_of_its_parameter_alone()
    {
        var settings = new OptimizerSettings { LearningRate = 0.01, MaxGradNorm = null };
        var (plain, grouped) = (Parameters(), Parameters());
        var groups = new Dictionary<Parameter, OptimizerPart> { [grouped[0]] = new(RateFactor: 16) };
        Fill(plain, 0);
        Fill(grouped, 0);
        new AdapterOptimizer(plain, settings, 10).Step();
        new AdapterOptimizer(grouped, settings, 10, parts: groups).Step();
        grouped[1].Value.ToArray().ShouldBe(plain[1].Value.ToArray());
        var start = Parameters()[0].Value.ToArray();
        for (var i = 0; i < start.Length; i++)
            (grouped[0].Value[i] - start[i]).ShouldBe(16 * (plain[0].Value[i] - start[i]), 1e-6f);
    }

    [Fact]
    public void The_norm_is_measured_before_clipping_and_the_gradient_is_cleared_afterwards()
    {
        var parameters = Parameters();
        foreach (var parameter in parameters) parameter.GradientOrZero().Fill(3);
        var (norm, change, rate) =
            new AdapterOptimizer(parameters, new OptimizerSettings { Method = "sgd", LearningRate = 0.5, MaxGradNorm = 2 }, 1).Step();
        norm.ShouldBe(Math.Sqrt(46 * 9), 1e-12);
        change.ShouldBe(1, 1e-5);
        rate.ShouldBe(0.5);
        foreach (var parameter in parameters) parameter.Gradient.ToArray().ShouldAllBe(value => value == 0);
    }

    [Fact]
    public void A_gradient_that_is_not_finite_stops_the_run()
    {
        var parameters = Parameters();
        parameters[0].GradientOrZero()[3] = float.NaN;
        Should.Throw<TenonException>(() => new AdapterOptimizer(parameters, new OptimizerSettings { LearningRate = 1e-4 }, 1)
            .Step()).Message.ShouldContain("diverged");
    }

    [Fact]
    public void The_schedule_counts_steps_however_many_updates_a_step_has()
    {
        var settings = new OptimizerSettings { LearningRate = 1, Schedule = ScheduleKind.Linear, WarmupSteps = 1, MinLearningRate = 0.2 };
        var optimizer = new AdapterOptimizer([], settings, steps: 3, updatesPerStep: 2);
        var rates = new List<double>();
        for (var update = 0; update < 7; update++)
        {
            rates.Add(optimizer.LearningRate);
            optimizer.Step();
        }
        GoldenLines.ShouldBe("rates", rates, [0, 0.5, 1, 0.8, 0.6, 0.4, 0.2], 1e-12);
    }

    [Fact]
    public void The_wide_loop_of_adam_gives_the_bits_of_its_scalar_loop()
    {
        var rule = new AdamRule<float>(0.9, 0.999, 1e-8, decoupled: true);
        const int length = 41;
        var random = new Random(4);
        var (values, gradient) = (Enumerable.Range(0, length).Select(_ => (float)random.NextDouble()).ToArray(), new float[length]);
        var (wide, narrow) = ((float[])values.Clone(), (float[])values.Clone());
        var shape = new TensorShape(1, length, false);
        var (state, states) =
            (rule.NewState(shape), Enumerable.Range(0, length).Select(_ => rule.NewState(new TensorShape(1, 1, false))).ToArray());
        for (var step = 1; step <= 20; step++)
        {
            for (var i = 0; i < length; i++) gradient[i] = (float)(random.NextDouble() - 0.5);
            var arguments = new UpdateArguments(step, 1e-2, 0.1);
            rule.Apply(wide, gradient, shape, state, arguments);
            // One value at a time never reaches the wide loop.
            for (var i = 0; i < length; i++)
                rule.Apply(narrow.AsSpan(i, 1), gradient.AsSpan(i, 1), new TensorShape(1, 1, false), states[i], arguments);
        }
        wide.ShouldBe(narrow);
    }
}
