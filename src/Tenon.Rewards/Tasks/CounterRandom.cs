using System.Numerics;

namespace Tenon.Rewards.Tasks;

/// <summary>
/// Random numbers of one draw: number i is a pure function of (key, i), the finaliser of SplitMix64 (Steele, Lea, Flood 2014) over a
/// counter. Integer arithmetic only, so every machine draws the same problems.
/// </summary>
internal sealed class CounterRandom(ulong key)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state = key;

    /// <summary>A generator keyed by several words, each mixed in turn.</summary>
    public static CounterRandom From(params ReadOnlySpan<ulong> words)
    {
        ulong key = 0;
        foreach (var word in words) key = Mix(key + Golden ^ word);
        return new CounterRandom(key);
    }

    /// <summary>
    /// The 64-bit hash (FNV-1a, then mixed) of a text's UTF-16 units; unlike <see cref="string.GetHashCode()"/> the same everywhere.
    /// </summary>
    public static ulong Hash(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in text) hash = (hash ^ c) * 1099511628211UL;
        return Mix(hash);
    }

    /// <summary>The next 64 random bits.</summary>
    public ulong Next() => Mix(_state += Golden);

    /// <summary>A whole number in 0..<paramref name="count"/>-1.</summary>
    public int Below(int count) => (int)Math.BigMul(Next(), (ulong)count, out _);

    /// <summary>A whole number in <paramref name="low"/>..<paramref name="high"/>, both included.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    /// <summary>True half of the time.</summary>
    public bool Coin() => (Next() >> 63) == 1;

    /// <summary>One of the items.</summary>
    public T Pick<T>(params ReadOnlySpan<T> items) => items[Below(items.Length)];

    /// <summary>A number of exactly <paramref name="digits"/> decimal digits (one digit: 0..9).</summary>
    public int WithDigits(int digits)
    {
        var low = (int)BigInteger.Pow(10, digits - 1);
        return digits == 1 ? Below(10) : Between(low, low * 10 - 1);
    }

    /// <summary>Puts the items in random order (Fisher-Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        return z ^ z >> 31;
    }
}
