using Tenon.Adapters;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>Drawn start values fill PEFT's ranges.</summary>
public class StartBoundsTests
{
    // The bounds are those of q_proj of the small model: 32 inputs, 32 outputs.
    [Theory]
    [InlineData("delora", "delora_A", "", 32)]
    [InlineData("gralora", "gralora_A", "", 16)]
    [InlineData("miss", "miss_block", "random", 32)]
    [InlineData("hra", "hra_u", "random", 8)]
    public void Are_uniform_up_to_one_over_the_root(string method, string key, string init, int size)
    {
        using var adapter = AdapterMethod.Of(method)
            .Create(RandomModel.Create(),
            new AdapterSettings { Method = method, Rank = 8, Targets = "q_proj", Init = init == "" ? null : init });
        foreach (var part in adapter.Linears)
        {
            var values = part.Tensors.Single(t => t.Key == key).Tensor.ToArray();
            var bound = 1 / Math.Sqrt(size);
            ((double)values.Max()).ShouldBeInRange(0.9 * bound, bound * (1 + 1e-6));
            ((double)values.Min()).ShouldBeInRange(-bound * (1 + 1e-6), -0.9 * bound);
            Math.Sqrt(values.Average(v => (double)v * v)).ShouldBeInRange(0.9 * bound / Math.Sqrt(3), 1.1 * bound / Math.Sqrt(3));
        }
    }
}
