namespace Tenon.Rewards.Shaping;

/// <summary>A penalty that grows over the last tokens before the length limit (DAPO, arXiv 2503.14476).</summary>
public static class SoftOverlong
{
    /// <summary>
    /// 0 up to <paramref name="limit"/> - <paramref name="buffer"/> tokens, from there falling in a line to -1 at the limit, -1 beyond.
    /// With a
    /// buffer of 0 it is 0 up to the limit.
    /// </summary>
    public static double Reward(int tokens, int limit, int buffer)
    {
        var free = limit - buffer;
        if (tokens <= free) return 0;
        return tokens <= limit ? (double)(free - tokens) / buffer : -1;
    }
}
