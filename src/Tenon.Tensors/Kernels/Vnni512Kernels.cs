namespace Tenon.Tensors.Kernels;

/// <summary>Tiles of up to 6 rows with 512-bit <c>vpdpbusd</c>.</summary>
/// <param name="fallback">What works where a tile cannot be made.</param>
internal sealed class Vnni512Kernels(Int8Kernels fallback) : AssembledKernels(fallback, Vnni512Assembly.MostRows)
{
    public override string Name => "avx512-vnni";

    /// <summary>True where the processor has the instruction and code may be assembled.</summary>
    public static bool IsSupported { get; } = Cpu.HasAvx512Vnni && IsAllowed;

    protected override byte[] Assemble(int rows, int terms, bool offsets, int lines) => Vnni512Assembly.Tile(rows, terms, offsets, lines);
}
