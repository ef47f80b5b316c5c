using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>HRA's start, and its compact form beside the product of reflections.</summary>
public class HraTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(14)]
    public void The_merged_weight_of_a_start_is_the_weight_itself(int rank)
    {
        using var adapter = AdapterMethod.Of("hra").Create(RandomModel.Create(), new AdapterSettings { Method = "hra", Rank = rank });
        foreach (var part in adapter.Linears.Cast<HraLayer>())
        {
            var weight = Weight(part);
            part.EffectiveWeight([.. weight]).ShouldBe(weight);
            for (var i = 0; i < part.U.Length; i += 2) part.U.Value[i + 1].ShouldBe(part.U.Value[i]);
            var largest = part.U.ToArray().Max(Math.Abs);
            largest.ShouldBeInRange(0.7f * MathF.Sqrt(2f / rank), MathF.Sqrt(2f / rank));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(8)]
    public void Is_the_product_of_its_reflections(int rank)
    {
        using var adapter = AdapterMethod.Of("hra")
            .Create(RandomModel.Create(), new AdapterSettings { Method = "hra", Rank = rank, Init = "random" });
        var part = (HraLayer)adapter.Linears[0];
        var (inputs, u) = (part.Layer.Inputs, part.U.ToArray());
        var expected = Weight(part).Select(v => (double)v).ToArray();
        for (var k = 0; k < rank; k++)
        {
            var column = Enumerable.Range(0, inputs).Select(i => (double)u[i * rank + k]).ToArray();
            var square = column.Sum(v => v * v);
            for (var o = 0; o < part.Layer.Outputs; o++)
            {
                var along = 2 * column.Select((v, i) => v * expected[o * inputs + i]).Sum() / square;
                for (var i = 0; i < inputs; i++) expected[o * inputs + i] -= along * column[i];
            }
        }

        AdapterGolden.Distance(part.EffectiveWeight(Weight(part)), expected).ShouldBeLessThan(2e-6);
    }

    private static float[] Weight(LinearAdapter part)
    {
        var weight = new float[part.Layer.Outputs * part.Layer.Inputs];
        part.Layer.Weight.CopyRows(0, weight);
        return weight;
    }
}
