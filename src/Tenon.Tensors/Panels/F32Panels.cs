using Tenon.Tensors.Kernels;

namespace Tenon.Tensors.Panels;

/// <summary>[inputs][32] float32: the weights as they are.</summary>
internal sealed unsafe class F32Panels : PanelFormat
{
    public override nint PanelBytes(nint inputs) => inputs * Width * sizeof(float);

    public override void Pack(float* source, int rows, nint inputs, byte* panel)
    {
        var target = (float*)panel;
        for (var lane = 0; lane < rows; lane++)
            for (nint j = 0; j < inputs; j++) target[(j * Width) + lane] = source[(lane * inputs) + j];
    }

    public override float* Unpack(byte* panel, nint from, nint terms, float* scratch) => (float*)panel + (from * Width);

    public override void Turn(byte* panel, nint first, nint count, float* target)
    {
        Transpose.Blocked((float*)panel + (first * Width), count, Width, Width, target, Width);
        for (nint o = 0; o < Width && count < Width; o++) new Span<float>(target + (o * Width) + count, (int)(Width - count)).Clear();
    }

    public override void CopyPanel(byte* panel, nint inputs, nint lanes, float* target) =>
        Transpose.Blocked((float*)panel, inputs, lanes, Width, target, inputs);

    public override void CopyRow(byte* panel, nint lane, nint inputs, float* target)
    {
        for (nint j = 0; j < inputs; j++) target[j] = ((float*)panel)[(j * Width) + lane];
    }
}
