using BenchmarkDotNet.Attributes;
using Tenon.Training.Optimizers;

namespace Tenon.Benchmarks;

/// <summary>One update of a large tensor: what full training pays a step beside its passes.</summary>
public class OptimizerBenchmarks
{
    private const int Length = 8_000_000;
    private readonly float[] _values = new float[Length];
    private readonly float[] _gradient = Enumerable.Range(0, Length).Select(i => (i % 101 - 50) * 1e-3f).ToArray();
    private readonly TensorShape _shape = new(1, Length, false);
    private readonly AdamRule<float> _adam = new(0.9, 0.999, 1e-8, decoupled: true);
    private readonly LionRule<float> _lion = new(0.9, 0.99);
    private IReadOnlyList<StateArray<float>> _adamState = [];
    private IReadOnlyList<StateArray<float>> _lionState = [];
    private long _update;

    [GlobalSetup]
    public void Setup() => (_adamState, _lionState) = (_adam.NewState(_shape), _lion.NewState(_shape));

    [Benchmark(Baseline = true)]
    public void AdamW() => _adam.Apply(_values, _gradient, _shape, _adamState, new UpdateArguments(++_update, 1e-4, 0.01));

    [Benchmark]
    public void Lion() => _lion.Apply(_values, _gradient, _shape, _lionState, new UpdateArguments(++_update, 1e-4, 0.01));

    [Benchmark]
    public double GradientNorm() => Math.Sqrt(GradientClipping.Squares<float>(_gradient));
}
