using System.Security.Cryptography;
using Tenon.Checkpoints.Gguf;

namespace Tenon.Tests.Checkpoints.Gguf;

public class BlockFormatTests
{
    /// <summary>
    /// SHA-256 (first half) of the float32 values that the gguf package 0.19 gives for 16 blocks of bytes made by a formula, half scales
    /// kept below 2.
    /// </summary>
    [Theory]
    [InlineData(GgufType.Q4_0, "590b02350f9bc1f26de04fc04eaa7cb3", new[] { 0 })]
    [InlineData(GgufType.Q4_1, "e1e87ec2b230541b0dd979bdc706276e", new[] { 0, 2 })]
    [InlineData(GgufType.Q5_0, "1d112d0f2312a512d71e87969cc4af09", new[] { 0 })]
    [InlineData(GgufType.Q5_1, "9bcd96dafecd9046a26885d2050a979f", new[] { 0, 2 })]
    [InlineData(GgufType.Q8_0, "7f38a1665a899d39045bf6a78c736c5d", new[] { 0 })]
    [InlineData(GgufType.Q2_K, "0cb56d6e481f342c1e772319fcd11f35", new[] { 80, 82 })]
    [InlineData(GgufType.Q3_K, "9f405e957e12501c4f9841a5c4c449ed", new[] { 108 })]
    [InlineData(GgufType.Q4_K, "8216bedda64e07444acf02977bcf3d2b", new[] { 0, 2 })]
    [InlineData(GgufType.Q5_K, "f0d9e55c7d98e45f59bee0f3f4f8be3b", new[] { 0, 2 })]
    [InlineData(GgufType.Q6_K, "9b3bb64b568c095f5b36333a8e9a970a", new[] { 208 })]
    [InlineData(GgufType.IQ4_NL, "d20ac39aceb0a3556d7d20e9be2a94c7", new[] { 0 })]
    [InlineData(GgufType.IQ4_XS, "bb67c8642e801bd950e4e852c17cb18b", new[] { 0 })]
    public unsafe void Values_have_the_bits_of_the_gguf_package(GgufType type, string hash, int[] scales)
    {
        var format = GgufTypes.Find(type)!;
        var raw = new byte[16 * format.BlockBytes];
        for (var i = 0; i < raw.Length; i++) raw[i] = (byte)((uint)(i * 2654435761L + 12345) >> 13);
        for (var block = 0; block < 16; block++)
            foreach (var s in scales) raw[block * format.BlockBytes + s + 1] &= 0xBF;
        var values = new float[16 * format.BlockValues];
        fixed (byte* from = raw) format.Dequantize!(from, values);
        Convert.ToHexStringLower(SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan())))[..32]
            .ShouldBe(hash);
    }
}
