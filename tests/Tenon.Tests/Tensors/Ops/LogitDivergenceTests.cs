using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;

namespace Tenon.Tests.Tensors.Ops;

/// <summary>
/// The divergence from a teacher's distribution over the vocabulary: its value against the formulas written out, its gradient against
/// finite differences, its expectation against the sampled form.
/// </summary>
public unsafe class LogitDivergenceTests
{
    private const int Words = 23;
    private static readonly RandomKey S_key = new(5);

    public static TheoryData<DivergenceKind, double, int, double> Choices => new()
    {
        { DivergenceKind.ForwardKl, 0.5, 0, double.PositiveInfinity },
        { DivergenceKind.ReverseKl, 0.5, 0, double.PositiveInfinity },
        { DivergenceKind.JensenShannon, 0.5, 0, double.PositiveInfinity },
        { DivergenceKind.JensenShannon, 0.1, 0, double.PositiveInfinity },
        { DivergenceKind.ForwardKl, 0.5, 4, double.PositiveInfinity },
        { DivergenceKind.ReverseKl, 0.5, 1, double.PositiveInfinity },
        { DivergenceKind.JensenShannon, 0.3, 7, double.PositiveInfinity },
        { DivergenceKind.ForwardKl, 0.5, 0, 0.02 },
        { DivergenceKind.ReverseKl, 0.5, 0, 0.02 },
        { DivergenceKind.JensenShannon, 0.5, 0, 0.01 },
        { DivergenceKind.ReverseKl, 0.5, 5, 0.02 },
        { DivergenceKind.JensenShannon, 0.7, Words + 5, double.PositiveInfinity },
    };

    [Theory, MemberData(nameof(Choices))]
    public void Value_and_gradient_are_those_of_the_formulas(DivergenceKind kind, double beta, int top, double bound)
    {
        var choice = new DivergenceChoice(kind, beta, top, bound);
        for (uint draw = 0; draw < 20; draw++)
        {
            var (z, q) = (Row(draw, 0, Words), Row(draw, 1, Words));
            var (result, gradient) = Of(z, q, choice, 0.7, 1);
            result.Value.ShouldBe(Plain([.. z.Select(v => (double)v)], q, choice).Value, 5e-6);
            result.IsHeld.ShouldBe(Plain([.. z.Select(v => (double)v)], q, choice).IsHeld);
            var largest = gradient.Max(Math.Abs);
            for (var v = 0; v < Words; v++)
            {
                const double step = 1e-5;
                double At(double moved) => Plain([.. z.Select((x, i) => i == v ? x + moved : x)], q, choice).Value;
                ((double)gradient[v]).ShouldBe(0.7 * (At(step) - At(-step)) / (2 * step), 1e-4 * largest, $"draw {draw}, token {v}");
            }
        }
    }

    [Theory, MemberData(nameof(Choices))]
    public void A_teacher_with_the_same_logits_is_no_divergence_to_the_last_bit(DivergenceKind kind, double beta, int top, double bound)
    {
        var z = Row(3, 0, Words);
        var (result, gradient) = Of(z, [.. z], new DivergenceChoice(kind, beta, top, bound), 1, 1);
        result.Value.ShouldBe(0);
        gradient.ShouldAllBe(g => g == 0);
    }

    [Fact]
    public void The_reverse_divergence_is_what_the_sampled_form_is_on_average()
    {
        // The sampled form's loss at a token y is -(log q_y - log p_y) log p_y with the difference held fixed; y comes from p.
        var (z, q) = (Row(8, 0, Words), Row(8, 1, Words));
        var (_, gradient) = Of(z, q, new DivergenceChoice(DivergenceKind.ReverseKl), 1, 1);
        var (logP, logQ) = (LogSoftmax([.. z.Select(v => (double)v)]), LogSoftmax([.. q.Select(v => (double)v)]));
        var mean = new double[Words];
        for (var y = 0; y < Words; y++)
        {
            var row = (float[])z.Clone();
            fixed (float* p = row)
            {
                var stats = LogitRow.Read(p, Words, 1, y, out _);
                LogitRow.Gradient(p, Words, 1, y, (float)(logP[y] - logQ[y]), 0, stats.Max, stats.LogSum, stats.Entropy, isDivided: true);
            }

            for (var v = 0; v < Words; v++) mean[v] += Math.Exp(logP[y]) * row[v];
        }

        for (var v = 0; v < Words; v++) ((double)gradient[v]).ShouldBe(mean[v], 1e-6);
    }

    // What a bound on an entry does where a teacher is sure of one token (docs/objectives.md): its pull on that token is what is held.
    [Theory]
    [InlineData(0.1, false, -1)]
    [InlineData(0.1, true, 1)]
    [InlineData(0.9, false, -1)]
    [InlineData(0.9, true, -1)]
    public void A_held_favourite_of_the_teacher_is_pushed_down(double p, bool isBounded, int sign)
    {
        const double q = 0.99;
        float[] Two(double first) => [(float)Math.Log(first), .. Enumerable.Repeat((float)Math.Log((1 - first) / 4), 4)];
        var bound = isBounded ? 0.1 : double.PositiveInfinity;
        var (result, gradient) = Of(Two(p), Two(q), new DivergenceChoice(DivergenceKind.ForwardKl, Bound: bound), 1, 1);
        result.IsHeld.ShouldBe(sign > 0);
        Math.Sign(gradient[0]).ShouldBe(sign);
        // Held, its gradient is p times what the teacher gives all others.
        ((double)gradient[0]).ShouldBe(sign > 0 ? p * (1 - q) : p - q, 1e-6);
    }

    [Fact]
    public void Among_equal_logits_the_first_tokens_stand_by_themselves()
    {
        float[] z = [1, 2, 2, 0, 2];
        float[] q = [0, 1, -1, 2, 0.5f];
        var (result, _) = Of(z, q, new DivergenceChoice(DivergenceKind.ReverseKl, Top: 2), 1, 1);
        var (p, t) = (LogSoftmax([.. z.Select(v => (double)v)]), LogSoftmax([.. q.Select(v => (double)v)]));
        double tail = 1 - 2 * Math.Exp(p[1]), teacherTail = 1 - Math.Exp(t[1]) - Math.Exp(t[2]);
        result.Tail.ShouldBe(tail, 1e-6);
        result.Value.ShouldBe(Math.Exp(p[1]) * (p[1] - t[1]) + Math.Exp(p[2]) * (p[2] - t[2]) + tail * Math.Log(tail / teacherTail), 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.7)]
    public void A_head_has_the_gradient_of_log_probabilities_and_divergences_together(double temperature)
    {
        var (x, w) = (GradientCheck.Random("x", 5, 12), GradientCheck.Random("w", 7, 12));
        var (h, u) = (GradientCheck.Random("h", 5, 6), GradientCheck.Random("u", 9, 6));
        int[] targets = [0, 3, -1, 6, 2];
        float[] dlogp = [0.5f, -1, 0, 0, 1];
        // The third row has no teacher; two of the teacher's nine tokens the policy does not know.
        double[] slopes = [1, 0.5, 0, 2, 0.25];
        foreach (var kind in Enum.GetValues<DivergenceKind>())
        {
            VocabularyTeacher Teacher() => new((t, first, rows) => t.MatMul(t.Rows(h, first, rows), u), new DivergenceChoice(kind), slopes);
            double Loss()
            {
                var tape = new Tape { Recording = true };
                var teacher = Teacher();
                var head = TokenHead.Forward(tape, tape.Scale(x, 1), (t, r) => t.MatMul(r, w), targets, temperature);
                head.Backward(dlogp, null, teacher);
                return Enumerable.Range(0, 5).Sum(i => (double)dlogp[i] * head.LogProbabilities[i]
                    + (slopes[i] == 0 ? 0 : slopes[i] * teacher.Values[i].Value));
            }

            foreach (var p in new[] { x, w, h, u }) p.ZeroGrad();
            Loss();
            var gradients = new[] { x, w }.Select(p => p.Gradient.ToArray()).ToList();
            (h.GradientOrZero().ToArray().All(g => g == 0), u.GradientOrZero().ToArray().All(g => g == 0)).ShouldBe((true, true));
            foreach (var (p, analytic) in new[] { x, w }.Zip(gradients))
                for (var i = 0; i < analytic.Length; i++)
                {
                    var (at, original) = (i, p.Value[i]);
                    p.Update(v => v[at] = original + 1e-2f);
                    var up = Loss();
                    p.Update(v => v[at] = original - 1e-2f);
                    var down = Loss();
                    p.Update(v => v[at] = original);
                    Math.Abs((up - down) / 2e-2 - analytic[i]).ShouldBeLessThan(0.02 * analytic.Max(Math.Abs), $"{kind}: {p.Name}[{i}]");
                }
        }
    }

    [Fact]
    public void Its_bits_depend_neither_on_threads_nor_on_gradients_being_known_beforehand()
    {
        const int rows = 3 * TokenHead.Chunk / 2;
        var (x, w) = (GradientCheck.Random("x", rows, 12), GradientCheck.Random("w", 2000, 12));
        var h = GradientCheck.Random("h", rows, 12);
        int[] targets = [.. Enumerable.Range(0, rows).Select(i => i % 7)];
        float[] dlogp = [.. Enumerable.Range(0, rows).Select(i => i % 3 == 0 ? 0 : 0.01f * ((i % 11) - 5))];
        double[] slopes = [.. Enumerable.Range(0, rows).Select(i => i % 4 == 1 ? 0 : 0.01 * (i % 5))];
        (TokenDivergence[], float[], float[]) Run(int threads, bool isKnown)
        {
            foreach (var p in new[] { x, w }) p.ZeroGrad();
            using var pool = new WorkerPool(threads);
            var tape = new Tape(pool) { Recording = true };
            var teacher = new VocabularyTeacher((t, first, count) => t.MatMul(t.Rows(h, first, count), w),
                new DivergenceChoice(DivergenceKind.JensenShannon, 0.3, 50, 0.01), slopes);
            var hidden = tape.Scale(x, 1);
            if (isKnown)
                TokenHead.ForwardBackward(tape, hidden, (t, r) => t.MatMul(r, w), targets, dlogp, null, 0.7, teacher).Resume();
            else TokenHead.Forward(tape, hidden, (t, r) => t.MatMul(r, w), targets, 0.7).Backward(dlogp, null, teacher);
            return (teacher.Values, x.Gradient.ToArray(), w.Gradient.ToArray());
        }

        var (values, dx, dw) = Run(1, isKnown: false);
        values.Where((_, i) => slopes[i] == 0).ShouldAllBe(v => double.IsNaN(v.Value));
        values.Where((_, i) => slopes[i] != 0).ShouldAllBe(v => v.Value > 0 && v.Tail > 0);
        foreach (var (threads, isKnown) in new[] { (1, true), (2, false), (3, true) })
        {
            var again = Run(threads, isKnown);
            again.Item1.ShouldBe(values);
            again.Item2.ShouldBe(dx);
            again.Item3.ShouldBe(dw);
        }
    }

    private static (TokenDivergence Result, float[] Gradient) Of(
        float[] z, float[] q, DivergenceChoice choice, double slope, float inverseTemperature)
    {
        var gradient = (float[])q.Clone();
        fixed (float* p = z, t = gradient)
            return (LogitDivergence.Of(p, t, z.Length, choice, slope, inverseTemperature), gradient);
    }

    // The formulas, in float64 from beginning to end.
    private static (double Value, bool IsHeld) Plain(double[] z, float[] q, DivergenceChoice choice)
    {
        var (logP, logQ) = (LogSoftmax(z), LogSoftmax([.. q.Select(v => (double)v)]));
        var outcomes = Enumerable.Range(0, z.Length).OrderByDescending(v => z[v]).ThenBy(v => v).ToList();
        var own = choice.Top > 0 && choice.Top < z.Length ? outcomes[..choice.Top] : outcomes;
        var pairs = own.Select(v => (P: logP[v], Q: logQ[v])).ToList();
        if (own.Count < z.Length)
        {
            double Rest(double[] logs) => Math.Log(outcomes[own.Count..].Sum(v => Math.Exp(logs[v])));
            pairs.Add((Rest(logP), Rest(logQ)));
        }

        var parts = pairs.Select(pair =>
        {
            var (p, t) = (Math.Exp(pair.P), Math.Exp(pair.Q));
            var m = Math.Log(choice.Beta * t + (1 - choice.Beta) * p);
            return choice.Kind switch
            {
                DivergenceKind.ForwardKl => t * (pair.Q - pair.P),
                DivergenceKind.ReverseKl => p * (pair.P - pair.Q),
                _ => choice.Beta * t * (pair.Q - m) + (1 - choice.Beta) * p * (pair.P - m),
            };
        }).ToList();
        return (parts.Sum(part => Math.Min(part, choice.Bound)), parts.Any(part => part > choice.Bound));
    }

    private static double[] LogSoftmax(double[] z)
    {
        var sum = Math.Log(z.Sum(v => Math.Exp(v - z.Max()))) + z.Max();
        return [.. z.Select(v => v - sum)];
    }

    private static float[] Row(uint draw, uint which, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (float)(2 * S_key.Normal(RandomPurpose.ModelInit, 0, draw, which, (uint)i)))];
}
