namespace Tenon.Evaluation.Statistics;

/// <summary>
/// Evaluations drawn from a known truth, to see what intervals and tests are worth: each problem has an accuracy drawn from a distribution
/// of the given mean, a beta distribution unless another shape is asked for; its samples are right with that probability. A pure function
/// of the seed and the place.
/// </summary>
/// <param name="Problems">Problems of an evaluation.</param>
/// <param name="Samples">Samples a problem.</param>
/// <param name="Mean">True mean accuracy.</param>
/// <param name="Spread">Intraclass correlation: 0 for problems of one accuracy, 1 for problems that are always right or always
/// wrong. Only beta distributions have it.</param>
public sealed record SimulatedScores(int Problems, int Samples, double Mean, double Spread)
{
    /// <summary>How accuracies lie around their mean.</summary>
    public DifficultyShape Shape { get; init; }

    /// <summary>Right samples of each problem in one evaluation.</summary>
    public int[] Draw(ulong seed, int evaluation)
    {
        var stream = new Stream(new RandomKey(seed), evaluation);
        var result = new int[Problems];
        for (var i = 0; i < result.Length; i++)
        {
            var accuracy = Shape == DifficultyShape.Beta ? stream.Accuracy(Mean, Spread) : Accuracy(stream.Uniform());
            for (var j = 0; j < Samples; j++) result[i] += stream.Uniform() < accuracy ? 1 : 0;
        }

        return result;
    }

    /// <summary>
    /// Right samples of each problem for two models, the second ahead by <paramref name="difference"/> on average: of so large a share of the
    /// problems its accuracy is the first's, moved towards 1, of the others one drawn apart.
    /// </summary>
    public (int[] First, int[] Second) DrawPair(ulong seed, int evaluation, double difference, double shared)
    {
        var stream = new Stream(new RandomKey(seed), evaluation);
        var (first, second) = (new int[Problems], new int[Problems]);
        for (var i = 0; i < Problems; i++)
        {
            var accuracy = stream.Accuracy(Mean, Spread);
            var other = stream.Uniform() < shared ? accuracy + ((1 - accuracy) * difference / (1 - Mean))
                : stream.Accuracy(Mean + difference, Spread);
            for (var j = 0; j < Samples; j++)
            {
                first[i] += stream.Uniform() < accuracy ? 1 : 0;
                second[i] += stream.Uniform() < other ? 1 : 0;
            }
        }

        return (first, second);
    }

    /// <summary>The share of so many evaluations whose interval (of their right samples) holds the true mean.</summary>
    public double Coverage(Func<int[], (double Low, double High)> interval, int evaluations, ulong seed = 0)
    {
        var held = new bool[evaluations];
        Parallel.For(0, evaluations, Workers.Options, e =>
        {
            var (low, high) = interval(Draw(seed, e));
            held[e] = low <= Mean && Mean <= high;
        });
        return held.Count(h => h) / (double)evaluations;
    }

    /// <summary>The accuracy at a place of the shape, a uniform number.</summary>
    private double Accuracy(double place)
    {
        var low = Mean < 0.5;
        return Shape switch
        {
            DifficultyShape.Halves => place < 0.5 ? (low ? 0.05 : 0.95) : (2 * Mean) - (low ? 0.05 : 0.95),
            DifficultyShape.Uniform => Math.Max(0, (2 * Mean) - 1) + (place * 2 * Math.Min(Mean, 1 - Mean)),
            DifficultyShape.Unsolved when low => Math.Max(0, (place - 1 + (2 * Mean)) / (2 * Mean)),
            DifficultyShape.Unsolved => Math.Min(1, place / (2 * (1 - Mean))),
            _ => place < (Mean - 0.02) / 0.96 ? 0.98 : 0.02,
        };
    }

    private sealed class Stream(RandomKey key, int evaluation)
    {
        private uint _place;

        public double Uniform() => key.UniformDouble(RandomPurpose.Bootstrap, 2, (uint)evaluation, 0, _place++);

        /// <summary>A beta number as the share of two gamma numbers.</summary>
        public double Accuracy(double mean, double spread)
        {
            if (spread <= 0) return mean;
            if (spread >= 1) return Uniform() < mean ? 1 : 0;
            var size = (1 / spread) - 1;
            var (a, b) = (Gamma(mean * size), Gamma((1 - mean) * size));
            return a + b > 0 ? a / (a + b) : Uniform() < mean ? 1 : 0;
        }

        /// <summary>Marsaglia and Tsang 2000; shapes below 1 by a power of a uniform number.</summary>
        private double Gamma(double shape)
        {
            if (shape < 1) return Gamma(shape + 1) * ExactMath.Exp(ExactMath.Log(1 - Uniform()) / shape);
            var d = shape - (1.0 / 3);
            var c = 1 / Math.Sqrt(9 * d);
            while (true)
            {
                var x = key.Normal(RandomPurpose.Bootstrap, 3, (uint)evaluation, 0, _place++);
                var v = 1 + (c * x);
                if (v <= 0) continue;
                v = v * v * v;
                if (ExactMath.Log(1 - Uniform()) < (0.5 * x * x) + d - (d * v) + (d * ExactMath.Log(v))) return d * v;
            }
        }
    }
}

/// <summary>How the problems' accuracies lie around their mean.</summary>
public enum DifficultyShape
{
    /// <summary>A beta distribution of the given spread.</summary>
    Beta,

    /// <summary>Half of the problems at 0.95, the rest lower and alike; below a mean of 0.5 half at 0.05, the rest higher.</summary>
    Halves,

    /// <summary>Evenly over the widest range around the mean.</summary>
    Uniform,

    /// <summary>Evenly from 0 to 1, but for those that are never solved; above a mean of 0.5 those that always are.</summary>
    Unsolved,

    /// <summary>0.02 or 0.98.</summary>
    TwoKinds,
}
