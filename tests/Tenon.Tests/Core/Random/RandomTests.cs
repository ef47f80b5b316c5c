
namespace Tenon.Tests.Tensors.Random;

public class RandomTests
{
    // Known-answer vectors of Random123 (philox4x32, 10 rounds), D. E. Shaw Research.
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u,
    0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u,
    0x24126ea1u)]
    public void Philox_gives_its_published_vectors(uint x, uint y, uint z, uint w, uint keyLow, uint keyHigh, uint a, uint b, uint c,
    uint d) =>
        Philox.Block(x, y, z, w, keyLow, keyHigh).ShouldBe((a, b, c, d));

    [Fact]
    public void Every_place_has_a_number_of_its_own()
    {
        var seen = new HashSet<uint>();
        foreach (var seed in (ulong[])[1, 1UL << 32])
        {
            var key = new RandomKey(seed);
            foreach (var purpose in Enum.GetValues<RandomPurpose>())
            {
                for (var step = 0; step < 3; step++)
                    for (uint draw = 0; draw < 3; draw++)
                        for (uint sample = 0; sample < 3; sample++)
                            for (uint position = 0; position < 3; position++)
                                seen.Add(key.Bits(purpose, step, draw, sample, position)).ShouldBeTrue();
            }
        }

        new RandomKey(5).Bits(RandomPurpose.Sampling, 1, 2, 3, 4).ShouldBe(Philox.Block(4, 3, 2, (3u << 24) | 1, 5, 0).X);
        Should.Throw<ArgumentOutOfRangeException>(() => new RandomKey(1).Bits(RandomPurpose.Task, RandomKey.MaxStep + 1, 0, 0, 0));
    }

    [Fact]
    public void Uniform_and_normal_numbers_have_their_moments()
    {
        const int N = 20000;
        var key = new RandomKey(7);
        double uniform = 0, wide = 0, normal = 0, square = 0;
        for (uint i = 0; i < N; i++)
        {
            var u = key.UniformFloat(RandomPurpose.ModelInit, 0, 0, 0, i);
            u.ShouldBeInRange(0f, 0.99999997f);
            uniform += u;
            wide += key.UniformDouble(RandomPurpose.ModelInit, 0, 0, 1, i);
            var z = key.Normal(RandomPurpose.ModelInit, 0, 0, 2, i);
            normal += z;
            square += z * z;
        }

        (uniform / N).ShouldBe(0.5, 0.01);
        (wide / N).ShouldBe(0.5, 0.01);
        (normal / N).ShouldBe(0, 0.03);
        (square / N).ShouldBe(1, 0.04);
    }

    [Fact]
    public void A_permutation_holds_each_number_once_and_is_fair()
    {
        var key = new RandomKey(3);
        key.Permutation(1000, RandomPurpose.DataOrder, 0, 0, 0).Order().ShouldBe(Enumerable.Range(0, 1000));
        key.Permutation(0, RandomPurpose.DataOrder, 0, 0, 0).ShouldBeEmpty();
        var counts = new int[24];
        for (uint draw = 0; draw < 4800; draw++)
        {
            var p = key.Permutation(4, RandomPurpose.DataOrder, 0, draw, 0);
            counts[(p[0] * 6) + (p[1] * 2) - (p[1] > p[0] ? 2 : 0) + (p[2] > p[3] ? 1 : 0)]++;
        }

        counts.ShouldAllBe(c => c > 130 && c < 270);
    }

    // MT19937's own check values: init_genrand(5489), first output and ten thousandth.
    [Fact]
    public void The_twister_gives_its_published_values()
    {
        var random = new TorchRandom(5489);
        random.NextBits().ShouldBe(3499211612u);
        for (var i = 2; i < 10000; i++) random.NextBits();
        random.NextBits().ShouldBe(4123659995u);
        new TorchRandom(3).Permutation(50).Order().ShouldBe(Enumerable.Range(0, 50).Select(i => (long)i));
    }

    // torch 2.13.0: torch.normal(mean=0.0, std=deviation, size=(count,), generator=torch.Generator().manual_seed(seed)), the last three
    // values.
    [Theory]
    [InlineData(7, 3, 0.5, -0.07339754700660706, 0.39307063817977905, 0.47341081500053406)]
    [InlineData(9, 15, 1.0, -0.8386619687080383, -0.4228990972042084, 0.021453842520713806)]
    [InlineData(5, 16, 1.0, -0.4194079339504242, -0.5848958492279053, -0.782335102558136)]
    [InlineData(11, 18, 0.25, 0.28168588876724243, 0.47781839966773987, 0.07447601854801178)]
    [InlineData(2147483653, 45, 0.5773502691896258, 0.48672690987586975, 0.2117297351360321, -0.8281838893890381)]
    public void Normal_numbers_are_those_of_py_torch(ulong seed, int count, double deviation, double first, double second, double third)
    {
        var values = new float[count];
        new TorchRandom(seed).Normal(values, deviation);
        foreach (var (actual, expected) in values[^3..].Zip([first, second, third])) ((double)actual).ShouldBe(expected, 1e-6);
    }
}
