namespace Tenon.Tensors.Panels;

/// <summary>
/// How a panel of 32 outputs of a frozen weight lies in memory. A product asks for blocks of it in one of two forms: <see cref="Unpack"/>
/// gives lines of
/// outputs (the forward product), <see cref="Turn"/> lines of inputs (the input's gradient). Both are exact: the values of the weight are
/// what
/// the panel holds.
/// </summary>
internal abstract unsafe class PanelFormat
{
    /// <summary>Outputs in a panel.</summary>
    public const int Width = FrozenMatrix.PanelWidth;

    private static readonly F32Panels S_f32 = new();
    private static readonly Bf16Panels S_bf16 = new();
    private static readonly Int8Panels S_int8 = new(offsets: false);
    private static readonly Int8Panels S_int8Offset = new(offsets: true);

    /// <summary>The format of a storage.</summary>
    public static PanelFormat Of(WeightStorage storage) => storage switch
    {
        WeightStorage.F32 => S_f32,
        WeightStorage.BF16 => S_bf16,
        WeightStorage.Int8 => S_int8,
        WeightStorage.Int8Offset => S_int8Offset,
        _ => throw new ArgumentOutOfRangeException(nameof(storage), storage, "no such storage"),
    };

    /// <summary>Bytes of a panel with a number of inputs.</summary>
    public abstract nint PanelBytes(nint inputs);

    /// <summary>
    /// Fills a zeroed panel from its first <paramref name="rows"/> outputs (1 to 32), row-major; the values in <paramref name="source"/>
    /// may be overwritten.
    /// </summary>
    public abstract void Pack(float* source, int rows, nint inputs, byte* panel);

    /// <summary>
    /// The weights of the inputs <paramref name="from"/> (even) to from + terms, one line of 32 outputs an input: in place where the panel
    /// lies so, else
    /// written to <paramref name="scratch"/> (terms + 1 lines).
    /// </summary>
    public abstract float* Unpack(byte* panel, nint from, nint terms, float* scratch);

    /// <summary>
    /// The weights of <paramref name="count"/> inputs (1 to 32) from <paramref name="first"/> (a multiple of 32) on, 32 lines of 32 inputs,
    /// one an output; zero
    /// beyond the last input.
    /// </summary>
    public abstract void Turn(byte* panel, nint first, nint count, float* target);

    /// <summary>The rows of the first <paramref name="lanes"/> outputs, row-major.</summary>
    public virtual void CopyPanel(byte* panel, nint inputs, nint lanes, float* target)
    {
        for (nint lane = 0; lane < lanes; lane++) CopyRow(panel, lane, inputs, target + (lane * inputs));
    }

    /// <summary>The row of one output.</summary>
    public abstract void CopyRow(byte* panel, nint lane, nint inputs, float* target);
}
