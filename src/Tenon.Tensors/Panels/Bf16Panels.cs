using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Panels;

/// <summary>[inputs/2][32][2] bfloat16, rounded to nearest even when they are packed; an odd last input is paired with zero.</summary>
internal sealed unsafe class Bf16Panels : PanelFormat
{
    public override nint PanelBytes(nint inputs) => (inputs + 1) / 2 * Width * sizeof(float);

    public override void Pack(float* source, int rows, nint inputs, byte* panel)
    {
        // Rounded in place first: the values belong to this call.
        RowKernels.RoundToBf16(source, source, rows * inputs);
        var target = (ushort*)panel;
        for (nint lane = 0; lane < rows; lane++)
            for (nint j = 0; j < inputs; j++)
                target[Place(j, lane)] = (ushort)(BitConverter.SingleToUInt32Bits(source[(lane * inputs) + j]) >> 16);
    }

    public override float* Unpack(byte* panel, nint from, nint terms, float* scratch)
    {
        KernelSet.Best.WidenPairs((float*)panel + (from / 2 * Width), (terms + 1) / 2, Width, scratch);
        return scratch;
    }

    public override void Turn(byte* panel, nint first, nint count, float* target)
    {
        // Whole blocks go through registers; first is a multiple of 32, so that a pair of inputs is never cut.
        var whole = KernelSet.Best.HasVectors ? count / 16 * 16 : 0;
        PanelTranspose.Bf16((uint*)panel + (first / 2 * Width), whole, target);
        for (var j = whole; j < Width; j++)
            for (nint o = 0; o < Width; o++) target[(o * Width) + j] = j < count ? Value(panel, first + j, o) : 0f;
    }

    public override void CopyRow(byte* panel, nint lane, nint inputs, float* target)
    {
        for (nint j = 0; j < inputs; j++) target[j] = Value(panel, j, lane);
    }

    private static nint Place(nint input, nint lane) => ((((input >> 1) * Width) + lane) * 2) + (input & 1);

    private static float Value(byte* panel, nint input, nint lane) =>
        BitConverter.Int32BitsToSingle(((ushort*)panel)[Place(input, lane)] << 16);
}
