using Tenon.Adapters;
using Tenon.Models;

namespace Tenon.Tests.Support;

/// <summary>Adapters whose parameters are off their start, so that each of them has a gradient.</summary>
internal static class PerturbedAdapter
{
    /// <summary>An adapter of rank 4; <paramref name="tokens"/> are those of <c>trainable-tokens</c>.</summary>
    public static AdapterSet Create(CausalModel model, string method, double dropout = 0, string tokens = "9,3,36")
    {
        var options = method == "trainable-tokens" ? new Dictionary<string, string> { ["tokens"] = tokens } : [];
        return Perturb(AdapterMethod.All[method].Create(model,
            new AdapterSettings { Method = method, Rank = 4, Dropout = dropout, Options = AdapterSettings.Texts(options) }));
    }

    /// <summary>Moves each number by a draw of its own.</summary>
    public static AdapterSet Perturb(AdapterSet set)
    {
        var key = new RandomKey(17);
        foreach (var (parameter, index) in set.Trainable.Select((p, i) => (p, (uint)i)))
            parameter.Update(values =>
            {
                for (var i = 0; i < values.Length; i++)
                    values[i] += (float)(0.05 * key.Normal(RandomPurpose.ModelInit, 0, index, 0, (uint)i));
            });
        return set;
    }
}
