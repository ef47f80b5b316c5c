namespace Tenon.Tensors.Panels;

/// <summary>
/// Blocks of 32 inputs of an output as integers q (-128 to 127) with a float32 scale d and, in some GGUF types, an offset m: w = d q + m
/// (each operation
/// rounded once). A panel is [blocks]{[8][32][4] bytes q + 128, 32 d, 32 m where there are offsets}: four inputs of an output side by side,
/// as
/// the processor's products of bytes take them. Inputs beyond the last are q = 0; a block of zeros has d = 1 (its sums are 0 whatever the
/// factor, and never meet an infinity).
/// </summary>
/// <param name="offsets">True where blocks have offsets.</param>
internal sealed unsafe class Int8Panels(bool offsets) : PanelFormat
{
    /// <summary>Inputs of a block.</summary>
    public const int Block = 32;

    /// <summary>What is added to an integer to store it without a sign.</summary>
    public const int Bias = 128;

    /// <summary>Byte at which a block's scales begin; its offsets lie behind them.</summary>
    public const int Scales = Block * Width;

    /// <summary>Byte at which a block's offsets begin.</summary>
    public const int OffsetsAt = Scales + (Width * sizeof(float));

    /// <summary>The smallest scale: below it (the smallest normal number) a block counts as zeros, since 1 / d might overflow.</summary>
    public const float Smallest = 1.17549435e-38f;

    /// <summary>True where blocks have offsets.</summary>
    public bool Offsets { get; } = offsets;

    /// <summary>Bytes of a block.</summary>
    public int BlockBytes => OffsetsAt + (Offsets ? Width * sizeof(float) : 0);

    /// <summary>Blocks of a number of inputs.</summary>
    public static nint Blocks(nint inputs) => (inputs + Block - 1) / Block;

    public override nint PanelBytes(nint inputs) => Blocks(inputs) * BlockBytes;

    /// <summary>
    /// Rounds each block of 32 inputs: d = max|w| / 127, q = w / d rounded to the nearest integer, ties to even, held within ±127.
    /// </summary>
    public override void Pack(float* source, int rows, nint inputs, byte* panel)
    {
        var blocks = Blocks(inputs);
        var q = stackalloc sbyte[Block];
        for (nint lane = 0; lane < Width; lane++)
            for (nint b = 0; b < blocks; b++)
            {
                var count = lane < rows ? (int)Math.Min(Block, inputs - (b * Block)) : 0;
                var d = Round(source + (lane * inputs) + (b * Block), count, q);
                Put(panel + (b * BlockBytes), lane, q, count, d, 0);
            }
    }

    /// <summary>
    /// Takes the blocks of a file as they are: integers [rows][inputs], scales and (where there are any) offsets [rows][blocks].
    /// </summary>
    public void PackBlocks(sbyte* integers, float* scales, float* offsets, int rows, nint inputs, byte* panel)
    {
        var blocks = Blocks(inputs);
        for (nint lane = 0; lane < Width; lane++)
            for (nint b = 0; b < blocks; b++)
            {
                var count = lane < rows ? (int)Math.Min(Block, inputs - (b * Block)) : 0;
                var (d, m) = count == 0 ? (0f, 0f) : (scales[(lane * blocks) + b], Offsets ? offsets[(lane * blocks) + b] : 0f);
                Put(panel + (b * BlockBytes), lane, integers + (lane * inputs) + (b * Block), count, d, m);
            }
    }

    public override float* Unpack(byte* panel, nint from, nint terms, float* scratch)
    {
        for (nint t = 0; t < terms; t++)
        {
            var block = panel + ((from + t) / Block * BlockBytes);
            for (nint lane = 0; lane < Width; lane++) scratch[(t * Width) + lane] = Value(block, (from + t) % Block, lane);
        }

        return scratch;
    }

    public override void Turn(byte* panel, nint first, nint count, float* target)
    {
        var block = panel + (first / Block * BlockBytes);
        for (nint o = 0; o < Width; o++)
            for (nint j = 0; j < Width; j++) target[(o * Width) + j] = j < count ? Value(block, j, o) : 0f;
    }

    public override void CopyRow(byte* panel, nint lane, nint inputs, float* target)
    {
        for (nint j = 0; j < inputs; j++) target[j] = Value(panel + (j / Block * BlockBytes), j % Block, lane);
    }

    private static nint Place(nint input, nint lane) => (input / 4 * Width * 4) + (lane * 4) + (input % 4);

    private static float Round(float* w, int count, sbyte* q)
    {
        var largest = 0f;
        for (var i = 0; i < count; i++) largest = MathF.Max(largest, MathF.Abs(w[i]));
        var d = largest / 127f;
        for (var i = 0; i < count; i++)
            q[i] = d >= Smallest ? (sbyte)Math.Clamp(MathF.Round(w[i] / d, MidpointRounding.ToEven), -127f, 127f) : (sbyte)0;
        return d >= Smallest ? d : 0f;
    }

    private void Put(byte* block, nint lane, sbyte* q, int count, float d, float m)
    {
        for (var i = 0; i < Block; i++) block[Place(i, lane)] = (byte)((i < count && d != 0 ? q[i] : 0) + Bias);
        ((float*)(block + Scales))[lane] = d == 0 ? 1f : d;
        if (Offsets) ((float*)(block + OffsetsAt))[lane] = m;
    }

    private float Value(byte* block, nint input, nint lane)
    {
        var product = ((float*)(block + Scales))[lane] * (block[Place(input, lane)] - Bias);
        return Offsets ? product + ((float*)(block + OffsetsAt))[lane] : product;
    }
}
