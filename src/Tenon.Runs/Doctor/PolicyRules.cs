using static Tenon.Runs.StepMetric;

namespace Tenon.Runs.Doctor;

/// <summary>Diagnoses of a policy that collapses, falls apart or jumps.</summary>
internal static class PolicyRules
{
    /// <summary>Entropy far below its start and near 0 in absolute terms, for so many steps.</summary>
    public static StepRule EntropyCollapse(int steps, double share, double most) =>
        new EntropyRule(start => Math.Min(most, share * start), bound => new Low(steps, bound));

    /// <summary>Entropy far above its start and high in absolute terms, in any step.</summary>
    public static StepRule EntropyExplosion(double factor, double least) =>
        new EntropyRule(start => Math.Max(least, factor * start), bound => new AboveRule(step => step[Entropy], bound));

    /// <summary>
    /// Accuracy far below the best mean of five steps in a row, and in so many steps that chance does not do it: Chernoff's bound of the
    /// binomial tail, e^(-n KL(share of right answers, best)) over n groups, which count once each since one problem's completions may all
    /// share their fate, is below 1 in 500.
    /// </summary>
    public static StepRule AccuracyCollapse(int steps, double share) => new Fall(steps, share);

    /// <summary>
    /// A teacher that finds the policy's tokens less likely than the policy did by so many nats a token, for so many steps. Another model
    /// may well do so at the start and teach all the same: it is looked for only where the teacher is the policy's own model with an answer
    /// in its prompt.
    /// </summary>
    public static StepRule TeacherBelow(int steps, double gap, bool isShownAnswers) => new StreakRule(steps,
        step => isShownAnswers && double.IsFinite(step[TeacherGap]) ? step[TeacherGap] < gap : null, step => step[TeacherGap], gap);

    /// <summary>Batches in a row of which none learns from its teacher.</summary>
    public static StepRule TeacherLeftOut(int steps) => new StreakRule(steps,
        step => double.IsFinite(step[TeacherUsed]) ? step[TeacherUsed] == 0 : null, step => step[TeacherUsed], 1);

    /// <summary>A step's number far above the median of the ten steps before it.</summary>
    public static StepRule Jump(Func<StepMetrics, double> of, double factor, double least) => new JumpRule(of, factor, least);

    // The bound follows from the mean of the first finite entropies: until it stands, the few steps so far are read again.
    private sealed class EntropyRule(Func<double, double> bound, Func<double, StepRule> rule) : StepRule
    {
        private const int Start = 3;
        private readonly List<StepMetrics> _early = [];
        private StepRule? _rule;
        private double _sum;
        private int _finite;

        public override Sight? Seen => _rule?.Seen;

        public override void Add(StepMetrics step)
        {
            if (double.IsNaN(step[Entropy])) return;
            if (_finite == Start)
            {
                _rule!.Add(step);
                return;
            }

            _early.Add(step);
            if (double.IsFinite(step[Entropy])) (_sum, _finite) = (_sum + step[Entropy], _finite + 1);
            _rule = rule(bound(_finite == 0 ? double.NaN : _sum / _finite));
            _early.ForEach(_rule.Add);
        }
    }

    private sealed class Low(int steps, double bound) : StepRule
    {
        private Sight? _seen;
        private int _first, _count;

        public override Sight? Seen => _seen;

        public override void Add(StepMetrics step)
        {
            if (!double.IsFinite(step[Entropy])) return;
            _count = step[Entropy] < bound ? _count + 1 : 0;
            if (_count == 1) _first = step.Step;
            if (_count >= steps) _seen = new Sight(_first, step.Step, step[Entropy], bound);
        }
    }

    private sealed class Fall(int steps, double share) : StepRule
    {
        private const double Chance = 0.002;
        private readonly Queue<double> _window = [];
        private Sight? _seen;
        private double _best, _groups, _right;
        private int _first, _count;

        public override Sight? Seen => _seen is { } seen ? seen with { Threshold = share * _best } : null;

        public override void Add(StepMetrics step)
        {
            if (!double.IsFinite(step[Accuracy])) return;
            _window.Enqueue(step[Accuracy]);
            if (_window.Count > 5) _window.Dequeue();
            // The first steps are few: a mean of what there is.
            _best = Math.Max(_best, _window.Average());
            _count = _best >= 0.1 && step[Accuracy] < share * _best ? _count + 1 : 0;
            if (_count <= 1) (_first, _groups, _right) = (step.Step, 0, 0);
            var groups = double.IsFinite(step[GroupsDrawn]) ? step[GroupsDrawn] : 0;
            (_groups, _right) = (_groups + groups, _right + groups * step[Accuracy]);
            if (_count >= steps && (_groups == 0 || _groups * Unlikeness(_right / _groups, _best) > -ExactMath.Log(Chance)))
                _seen = new Sight(_first, step.Step, step[Accuracy], 0);
        }

        // KL(p, q) of two coins.
        private static double Unlikeness(double p, double q) =>
            (p > 0 ? p * ExactMath.Log(p / q) : 0) + (q < 1 ? (1 - p) * ExactMath.Log((1 - p) / (1 - q)) : double.PositiveInfinity);
    }

    private sealed class JumpRule(Func<StepMetrics, double> of, double factor, double least) : StepRule
    {
        private const int Least = 5;
        private readonly Queue<StepMetrics> _before = [];
        private Sight? _seen;

        public override Sight? Seen => _seen;

        public override void Add(StepMetrics step)
        {
            if (_before.Count >= Least)
            {
                var bound = Math.Max(least, factor * RunFacts.Median(_before, of));
                if (of(step) > bound) _seen = new Sight(step.Step, step.Step, of(step), bound);
            }

            _before.Enqueue(step);
            if (_before.Count > 2 * Least) _before.Dequeue();
        }
    }
}
