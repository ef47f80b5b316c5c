namespace Tenon.Evaluation.Statistics;

/// <summary>
/// Evaluations drawn from a known truth, to see what intervals and tests are worth: each problem has an accuracy drawn from a beta
/// distribution of the
/// given mean, its samples are right with that probability. A pure function of the seed and the place.
/// </summary>
/// <param name="Problems">Problems of an evaluation.</param>
/// <param name="Samples">Samples a problem.</param>
/// <param name="Mean">True mean accuracy.</param>
/// <param name="Spread">Intraclass correlation: 0 for problems of one accuracy, 1 for problems that are always right or always
/// wrong.</param>
public sealed record SimulatedScores(int Problems, int Samples, double Mean, double Spread)
{
    /// <summary>Right samples of each problem in one evaluation.</summary>
    public int[] Draw(ulong seed, int evaluation)
    {
        var stream = new Stream(new RandomKey(seed), evaluation);
        var result = new int[Problems];
        for (var i = 0; i < result.Length; i++)
        {
            var accuracy = stream.Accuracy(Mean, Spread);
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
