using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;

namespace Tenon.Tests.Tensors.Threads;

/// <summary>A profile says what the time went to: products by their shape with what they had to do, other jobs by their names.</summary>
public class WorkProfileTests
{
    [Fact]
    public void Products_stand_under_their_shape_and_other_work_under_its_name()
    {
        using var pool = new WorkerPool(2);
        var weight = FrozenMatrix.Pack("w", 64, 96, WeightStorage.F32, (_, rows) => rows.Fill(0.5f), pool);
        var tape = new Tape(pool);
        IReadOnlyList<WorkShare> shares;
        using (var profile = WorkProfile.Start())
        {
            Should.Throw<InvalidOperationException>(WorkProfile.Start);
            var x = tape.Input(new float[10 * 96], 10, 96);
            for (var i = 0; i < 3; i++) tape.Scale(tape.MatMul(x, weight), 2);
            profile.Dispose();
            shares = profile.Shares;
            profile.Seconds.ShouldBeGreaterThanOrEqualTo(shares.Sum(s => s.Seconds));
        }

        var product = shares.Single(s => s.What == "frozen product");
        (product.Shape, product.Calls, product.Operations).ShouldBe(("96 to 64, 10 rows", 3, 3 * 2.0 * 96 * 64 * 10));
        shares.Single(s => s.What == "elementwise").Calls.ShouldBe(3);
        // What runs without a profile is not measured, and another profile may begin.
        tape.Scale(tape.Input([1, 2], 1, 2), 2);
        using var next = WorkProfile.Start();
        next.Dispose();
        next.Shares.ShouldBeEmpty();
    }

    [Fact]
    public void The_limits_of_a_machine_are_positive()
    {
        using var pool = new WorkerPool(1);
        var limits = MachineLimits.Measure(pool, 0.03);
        limits.Float.ShouldBeGreaterThan(1e7);
        limits.Integer.ShouldBeGreaterThan(1e6);
        limits.Bandwidth.ShouldBeGreaterThan(1e7);
    }
}
