using Tenon.Tensors.Memory;
using Tenon.Tensors.Ops;
using Tenon.Tensors.Threads;

namespace Tenon.Tensors;

/// <summary>
/// The record of one forward pass, and the owner of its memory. Ops add what must run backwards; <see cref="Backward()"/> runs it in
/// reverse and
/// gives each buffer back as soon as nothing needs it; <see cref="Reset"/> recycles the rest, so that a steady state allocates next to
/// nothing.
/// With <see cref="Recording"/> off it only owns buffers (sampling, scoring). Not thread-safe: one tape, one caller; ops use the pool
/// inside.
/// </summary>
public sealed unsafe class Tape
{
    private const int ResetsBetweenTrims = 256;

    private readonly BufferArena _memory = new();
    private readonly List<Tensor?> _live = [];
    private readonly List<Step> _steps = [];

    // Objects of tensors that were released while nothing is recorded, so that nothing can read them again.
    private readonly Stack<Tensor> _spare = [];
    private int _resets;

    private readonly record struct Step(Tensor? Output, Action Backward);

    /// <summary>A tape over a worker pool (the process's default one where none is given).</summary>
    public Tape(WorkerPool? pool = null, Precision precision = Precision.F32)
    {
        Pool = pool ?? WorkerPool.Default;
        Precision = precision;
    }

    /// <summary>The workers that ops split their outputs over.</summary>
    public WorkerPool Pool { get; }

    /// <summary>How the inputs of products with frozen weights are rounded.</summary>
    public Precision Precision { get; }

    /// <summary>True while ops are recorded for a backward pass.</summary>
    public bool Recording { get; set; }

    /// <summary>Set while adapters drop inputs (training with dropout); null in sampling and scoring.</summary>
    public Ops.DropoutPlaces? Dropping { get; set; }

    /// <summary>Rows of the batch whose products with frozen weights are kept or taken; null where all are simply computed.</summary>
    public KeptRows? Kept { get; set; }

    /// <summary>True to keep only the inputs of checkpointed parts and compute their insides again in the backward pass.</summary>
    public bool Recompute { get; set; }

    /// <summary>A tensor [rows, columns] with undefined values, recycled at the next <see cref="Reset"/>.</summary>
    internal Tensor New(nint rows, nint columns)
    {
        var bytes = Math.Max(1, rows * columns) * sizeof(float);
        var buffer = Take(bytes);
        if (!Recording && _spare.TryPop(out var tensor)) tensor.Renew(buffer, rows, columns);
        else tensor = new Tensor(buffer, (float*)buffer.Pointer, rows, columns);
        tensor.LiveIndex = _live.Count;
        _live.Add(tensor);
        return tensor;
    }

    /// <summary>A copy of host values as a tensor of this tape.</summary>
    public Tensor Input(ReadOnlySpan<float> values, nint rows, nint columns)
    {
        Shapes.Require(values.Length == rows * columns, "input", $"{rows} x {columns} values", $"{values.Length}");
        var tensor = New(rows, columns);
        values.CopyTo(tensor.Values);
        return tensor;
    }

    /// <summary>True where an op with these inputs must be recorded.</summary>
    internal bool Needs(Tensor a) => Recording && a.RequiresGrad;

    internal bool Needs(Tensor a, Tensor b) => Recording && (a.RequiresGrad || b.RequiresGrad);

    /// <summary>Adds one op: <paramref name="backward"/> reads <c>output.Grad</c> and adds to its inputs' gradients.</summary>
    internal void Record(Tensor output, Action backward)
    {
        output.RequiresGrad = true;
        _steps.Add(new Step(output, backward));
    }

    /// <summary>
    /// Adds work to the backward pass of an op that changed <paramref name="output"/> in place: the gradient stays for the op that made it.
    /// </summary>
    internal void RecordInPlace(Tensor output, Action backward)
    {
        Shapes.Require(!output.Kept, "change in place", "a tensor whose values nobody reads again", "one that the backward pass reads");
        output.RequiresGrad = true;
        _steps.Add(new Step(null, backward));
    }

    /// <summary>
    /// Says that several products read a tensor: its values stay (what would change it in place changes a copy), so that work on it may be
    /// shared.
    /// </summary>
    public static Tensor ReadByMany(Tensor tensor)
    {
        if (tensor is not Parameter) tensor.Kept = true;
        return tensor;
    }

    /// <summary>
    /// Gives the memory of a tensor back that all its readers have read, and makes its values again (<see cref="Tensor.Remake"/>) before
    /// the first of them runs
    /// backwards. Does nothing where nothing is recorded or the values cannot be made again.
    /// </summary>
    public void LetGo(Tensor tensor)
    {
        if (Recording && tensor.Remake is { } remake && !tensor.IsViewed && tensor.LiveIndex >= 0) LetGo(tensor, remake);
    }

    private void LetGo(Tensor tensor, Action remake)
    {
        ReleaseNow(tensor);
        _steps.Add(new Step(null, () =>
        {
            tensor.Move(Take(Math.Max(1, tensor.Length) * sizeof(float)));
            tensor.LiveIndex = _live.Count;
            _live.Add(tensor);
            remake();
        }));
    }

    /// <summary>
    /// The gradient buffer of an input. Where <paramref name="fresh"/> is set it holds nothing yet and must be written, else added to.
    /// </summary>
    internal Tensor GradOf(Tensor tensor, out bool fresh)
    {
        if (tensor.Parent is { } parent)
        {
            var whole = GradZeroed(parent);
            fresh = false;
            return tensor.Grad ??= new Tensor(whole.Buffer, whole.Row(tensor.ParentRow), tensor.Rows, tensor.Columns);
        }

        fresh = tensor.Grad is null;
        if (fresh) tensor.Grad = tensor is Parameter ? Tensor.Zeros(tensor.Rows, tensor.Columns) : New(tensor.Rows, tensor.Columns);
        return tensor.Grad!;
    }

    /// <summary>The gradient buffer of an input, zeroed where it is new: for ops that scatter into it.</summary>
    internal Tensor GradZeroed(Tensor tensor)
    {
        var grad = GradOf(tensor, out var fresh);
        if (fresh) new Span<byte>(grad.Data, checked((int)(grad.Length * sizeof(float)))).Clear();
        return grad;
    }

    /// <summary>Rows [start, start + count) of a tensor, sharing its memory and its gradient.</summary>
    public Tensor Rows(Tensor tensor, nint start, nint count)
    {
        Shapes.Require(start >= 0 && count >= 0
            && start + count <= tensor.Rows, "rows of a tensor", $"within 0 to {tensor.Rows}", $"{start} to {start + count}");
        if (start == 0 && count == tensor.Rows) return tensor;
        tensor.IsViewed = true;
        return new Tensor(tensor.Buffer, tensor.Row(start), count, tensor.Columns)
        {
            Parent = tensor, ParentRow = start,
            RequiresGrad = tensor.RequiresGrad
        };
    }

    /// <summary>
    /// Runs a part of the model. Without recording its inside is released at once and only the result stays; with <see cref="Recompute"/>
    /// it is run again
    /// in the backward pass (the same bits: every sum has one order); else it is simply run.
    /// </summary>
    public Tensor Checkpoint(Tensor input, Func<Tensor, Tensor> part)
    {
        if (Recording && !Recompute) return part(input);
        var recording = Recording;
        Recording = false;
        var mark = _live.Count;
        var output = part(input);
        Release(mark, output);
        Recording = recording;
        if (recording) RecordAgain(input, output, part);
        return output;
    }

    // Apart, so that what is only run makes no closure.
    private void RecordAgain(Tensor input, Tensor output, Func<Tensor, Tensor> part) =>
        Record(output, () =>
        {
            var innerMark = _live.Count;
            var firstStep = _steps.Count;
            var wasRecompute = Recompute;
            Recording = true;
            Recompute = false;
            var again = part(input);
            again.Grad = output.Grad;
            output.Grad = null;
            RunBack(firstStep);
            Recompute = wasRecompute;
            Release(innerMark, input.Grad);
        });

    /// <summary>
    /// Runs a part and its backward at once, and releases its inside: <paramref name="seed"/> gets the part's result and sets its gradient
    /// (it may be the
    /// result's own memory). Gradients of what the part reads from outside accumulate; they must be there already or belong to a parameter.
    /// </summary>
    internal void Part(Func<Tensor> part, Action<Tensor> seed)
    {
        var recording = Recording;
        Recording = true;
        var mark = _live.Count;
        var firstStep = _steps.Count;
        var result = this.Writable(part());
        seed(result);
        RunBack(firstStep);
        Release(mark, null);
        Recording = recording;
    }

    /// <summary>Runs all recorded work in reverse; the caller has set the gradients it starts from.</summary>
    internal void Backward()
    {
        RunBack(0);
        Recording = false;
    }

    /// <summary>Recycles all buffers and forgets all ops. Tensors of this tape are invalid from here on.</summary>
    public void Reset()
    {
        _steps.Clear();
        foreach (var tensor in _live)
            if (tensor is not null) GiveUp(tensor);

        _live.Clear();
        Recording = false;
        if (++_resets % ResetsBetweenTrims != 0) return;
        // Batches have many lengths: what no batch has needed for a while is kept no longer, so that memory is that of what runs now.
        _memory.DropUnused();
    }

    /// <summary>Bytes of the buffers that tensors hold now.</summary>
    internal long LiveBytes => _live.OfType<Tensor>().Sum(tensor => (long)tensor.Buffer.Bytes);

    /// <summary>Bytes of native memory that this tape holds, in use or not.</summary>
    internal long HeldBytes => _memory.Bytes;

    /// <summary>Gives the memory that is not in use back to the system.</summary>
    public void Trim() => _memory.Trim();

    /// <summary>A place in the tape to which <see cref="Release(int, Tensor?)"/> goes back.</summary>
    public int Mark() => _live.Count;

    /// <summary>Recycles everything made since <paramref name="mark"/> but <paramref name="keep"/>.</summary>
    public void Release(int mark, Tensor? keep)
    {
        Tensor? survivor = null;
        for (var i = _live.Count - 1; i >= mark; i--)
        {
            if (_live[i] is not { } tensor) continue;
            if (keep is not null && ReferenceEquals(tensor.Buffer, keep.Buffer)) survivor = tensor;
            else GiveUp(tensor);
        }

        _live.RemoveRange(mark, _live.Count - mark);
        if (survivor is null) return;
        survivor.LiveIndex = _live.Count;
        _live.Add(survivor);
    }

    private void RunBack(int first)
    {
        for (var i = _steps.Count - 1; i >= first; i--)
        {
            var step = _steps[i];
            _steps.RemoveAt(i);
            if (step.Output is { Grad: null }) continue;
            step.Backward();
            if (step.Output is { } output) Drop(output);
        }
    }

    /// <summary>After an op's own backward nothing reads its output or its gradient again: all its consumers ran before.</summary>
    private void Drop(Tensor output)
    {
        if (output.Grad is { } grad) ReleaseNow(grad);
        ReleaseNow(output);
    }

    private void ReleaseNow(Tensor tensor)
    {
        if (tensor.LiveIndex < 0) return;
        _live[tensor.LiveIndex] = null;
        tensor.LiveIndex = -1;
        Give(tensor.Buffer);
    }

    private void GiveUp(Tensor tensor)
    {
        const int mostSpare = 1024;
        Give(tensor.Buffer);
        tensor.LiveIndex = -1;
        if (!Recording && _spare.Count < mostSpare) _spare.Push(tensor);
    }

    private TensorMemory Take(nint bytes) => _memory.Take(bytes);

    private void Give(TensorMemory memory) => _memory.Give(memory);
}
