namespace Tenon;

/// <summary>
/// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011): ten rounds that turn a counter
/// of four words and a key of two
/// into four random words. A pure function: no state, no order.
/// </summary>
public static class Philox
{
    private const uint MultiplierA = 0xD2511F53;
    private const uint MultiplierB = 0xCD9E8D57;
    private const uint WeylA = 0x9E3779B9;
    private const uint WeylB = 0xBB67AE85;

    /// <summary>The four random words of a counter under a key.</summary>
    public static (uint X, uint Y, uint Z, uint W) Block(uint x, uint y, uint z, uint w, uint keyLow, uint keyHigh)
    {
        for (var round = 0; round < 10; round++)
        {
            var a = (ulong)MultiplierA * x;
            var b = (ulong)MultiplierB * z;
            (x, y, z, w) = ((uint)(b >> 32) ^ y ^ keyLow, (uint)b, (uint)(a >> 32) ^ w ^ keyHigh, (uint)a);
            keyLow += WeylA;
            keyHigh += WeylB;
        }

        return (x, y, z, w);
    }
}
