using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tensors.Ops;

/// <summary>
/// The end of the model as training needs it: for each row, the log-probability of a target token and the entropy of its distribution,
/// computed in chunks of
/// rows so that logits [tokens, vocabulary] never exist. z = head(h) / temperature; logp = z[y] - max - log(sum exp(z - max)); H = log(sum)
/// - sum p (z - max).
/// Backward, from the gradients of logp and H: dz = dlogp (1[y] - p) - dH p (log p + H); logits are computed again, chunk by chunk. With a
/// <see cref="VocabularyTeacher"/> the divergence from its distributions is taken there, too, chunk by chunk beside the logits.
/// </summary>
public sealed unsafe class TokenHead
{
    /// <summary>Rows of logits that exist at a time: the head's weights come from memory once for all of them.</summary>
    internal const int Chunk = 128;

    private readonly Tape _tape;
    private readonly Tensor _hidden;
    private readonly Func<Tape, Tensor, Tensor> _head;
    private readonly int[] _targets;
    private readonly float _inverseTemperature;
    private readonly float[] _logSum;
    private readonly float[] _maximum;

    private TokenHead(Tape tape, Tensor hidden, Func<Tape, Tensor, Tensor> head, int[] targets, float inverseTemperature, bool squares)
    {
        _tape = tape;
        _hidden = hidden;
        _head = head;
        _targets = targets;
        _inverseTemperature = inverseTemperature;
        LogProbabilities = new float[targets.Length];
        Entropies = new float[targets.Length];
        SquaredProbabilities = squares ? new float[targets.Length] : [];
        _logSum = new float[targets.Length];
        _maximum = new float[targets.Length];
    }

    /// <summary>log p(target) of each row, natural logarithm.</summary>
    public float[] LogProbabilities { get; }

    /// <summary>Entropy of each row's distribution in nats.</summary>
    public float[] Entropies { get; }

    /// <summary>Sum of squared probabilities of each row's distribution, where it was asked for; else empty.</summary>
    public float[] SquaredProbabilities { get; }

    /// <summary>
    /// Applies <paramref name="head"/> (hidden rows to logit rows) to <paramref name="hidden"/> [n, size] and reads off the
    /// <paramref name="targets"/>; a target of -1 asks for the entropy alone. <paramref name="squares"/> asks for
    /// <see cref="SquaredProbabilities"/>, too.
    /// </summary>
    public static TokenHead Forward(Tape tape, Tensor hidden, Func<Tape, Tensor, Tensor> head, int[] targets, double temperature = 1,
        bool squares = false)
    {
        Shapes.Require(targets.Length == hidden.Rows, "log-probabilities", $"{hidden.Rows} targets", $"{targets.Length}");
        var result = new TokenHead(tape, hidden, head, targets, (float)(1 / temperature), squares);
        var recording = tape.Recording;
        tape.Recording = false;
        for (var first = 0; first < targets.Length; first += Chunk)
        {
            var mark = tape.Mark();
            var rows = Math.Min(Chunk, targets.Length - first);
            var logits = head(tape, tape.Rows(hidden, first, rows));
            result.Read(logits, first, rows);
            tape.Release(mark, null);
        }

        tape.Recording = recording;
        return result;
    }

    /// <summary>
    /// <see cref="Forward"/> and the head's part of <see cref="Backward"/> at once, for gradients that are known before the
    /// log-probabilities are: each chunk of logits is computed once instead of twice. <see cref="Resume"/> goes on with the rest of the
    /// tape.
    /// </summary>
    public static TokenHead ForwardBackward(Tape tape, Tensor hidden, Func<Tape, Tensor, Tensor> head, int[] targets, float[] dlogp,
        float[]? dentropy, double temperature = 1, VocabularyTeacher? teacher = null)
    {
        Shapes.Require(targets.Length == hidden.Rows && dlogp.Length == targets.Length, "log-probabilities",
            $"{hidden.Rows} targets and gradients", $"{targets.Length} and {dlogp.Length}");
        var result = new TokenHead(tape, hidden, head, targets, (float)(1 / temperature), squares: false);
        result.BackwardToHidden(dlogp, dentropy, teacher, isFirst: true);
        return result;
    }

    /// <summary>Runs the rest of the backward pass after <see cref="ForwardBackward"/>.</summary>
    public void Resume() => _tape.Backward();

    private struct Job
    {
        public float* Logits, Lp, H, LogSum, Max, DLp, DH, Squares, Teacher;
        public int* Targets;
        public double* Slopes;
        public TokenDivergence* Divergences;
        public DivergenceChoice Divergence;
        public nint Rows, Columns, TeacherColumns;
        public float InverseTemperature;
        public int Parts;
        public bool IsDivided;
    }

    private void Read(Tensor logits, int first, int rows) => Run(logits, first, rows, null, null, &ReadRows, isDivided: false);

    private void Run(Tensor logits, int first, int rows, float[]? dlogp, float[]? dentropy, delegate*<Job*, int, void> body,
        bool isDivided, VocabularyTeacher? teacher = null)
    {
        var mark = _tape.Mark();
        var taught = teacher?.Logits(_tape, first, rows);
        fixed (float* lp = LogProbabilities, h = Entropies, ls = _logSum, mx = _maximum, dl = dlogp, dh = dentropy)
        fixed (float* sq = SquaredProbabilities)
        fixed (int* y = _targets)
        fixed (double* slopes = teacher?.Slopes)
        fixed (TokenDivergence* divergences = teacher?.Values)
        {
            var job = new Job
            {
                Logits = logits.Data, Lp = lp + first, H = h + first, LogSum = ls + first, Max = mx + first, Targets = y + first,
                DLp = dl is null ? null : dl + first, DH = dh is null ? null : dh + first, Squares = sq is null ? null : sq + first,
                Rows = rows, Columns = logits.Columns, InverseTemperature = _inverseTemperature,
                Parts = RowJobs.Parts(_tape.Pool, rows, logits.Columns), IsDivided = isDivided,
            };
            if (taught is not null)
            {
                job.Teacher = taught.Data;
                job.TeacherColumns = taught.Columns;
                job.Divergence = teacher!.Choice;
                job.Slopes = slopes + first;
                job.Divergences = divergences + first;
            }

            _tape.Pool.Run(job.Parts, &job, body, dlogp is null ? "softmax of the head" : "softmax of the head, gradient");
        }

        if (taught is not null) _tape.Release(mark, null);
    }

    private static void ReadRows(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++)
        {
            var z = job->Logits + r * job->Columns;
            var target = job->Targets[r];
            var weights = Scratch.Floats(ScratchUse.Op, job->Columns);
            var stats = LogitRow.Read(z, job->Columns, job->InverseTemperature, target, weights, out var targetLogit);
            job->Lp[r] = target < 0 ? 0 : LogitRow.LogProbability(targetLogit, stats);
            job->H[r] = stats.Entropy;
            job->LogSum[r] = stats.LogSum;
            job->Max[r] = stats.Max;
            if (job->Squares is not null) job->Squares[r] = LogitRow.SumOfSquares(weights, job->Columns, stats);
        }
    }

    /// <summary>
    /// Starts the backward pass of the whole tape: gradients of the loss by each log-probability and, where given, by each entropy.
    /// Rows whose gradients are zero are skipped without changing a bit.
    /// </summary>
    public void Backward(float[] dlogp, float[]? dentropy = null, VocabularyTeacher? teacher = null)
    {
        BackwardToHidden(dlogp, dentropy, teacher, isFirst: false);
        _tape.Backward();
    }

    private void BackwardToHidden(float[] dlogp, float[]? dentropy, VocabularyTeacher? teacher, bool isFirst)
    {
        // Chunks add to rows of one gradient: it stands, zero, before the first of them starts.
        if (_hidden.RequiresGrad) _tape.GradZeroed(_hidden).Values.Clear();
        for (var first = 0; first < _targets.Length; first += Chunk)
        {
            var rows = Math.Min(Chunk, _targets.Length - first);
            _tape.Part(() => _head(_tape, _tape.Rows(_hidden, first, rows)), logits =>
            {
                if (isFirst) Read(logits, first, rows);
                Run(logits, first, rows, dlogp, dentropy, &GradientRows, isDivided: isFirst, teacher);
                logits.Grad = logits;
            });
        }
    }

    /// <summary>Turns a row of logits into the gradient by them, in place.</summary>
    private static void GradientRows(Job* job, int part)
    {
        var (first, end) = RowJobs.Range(job->Rows, job->Parts, part);
        for (var r = first; r < end; r++)
        {
            var z = job->Logits + r * job->Columns;
            var dlogp = job->DLp[r];
            var dentropy = job->DH is null ? 0 : job->DH[r];
            var isTaught = job->Teacher is not null && job->Slopes[r] != 0;
            if (isTaught) Diverge(job, r, z);
            LogitRow.Gradient(z, job->Columns, job->InverseTemperature, job->Targets[r], dlogp, dentropy, job->Max[r], job->LogSum[r],
                job->H[r], job->IsDivided || isTaught);
            if (isTaught) RowKernels.Add(z, job->Teacher + r * job->TeacherColumns, Math.Min(job->Columns, job->TeacherColumns));
        }
    }

    /// <summary>
    /// Turns a row of the teacher's logits into the gradient of the divergence, over the tokens that both know (one vocabulary may be
    /// padded further than the other).
    /// </summary>
    private static void Diverge(Job* job, nint r, float* z)
    {
        var teacher = job->Teacher + r * job->TeacherColumns;
        var both = Math.Min(job->Columns, job->TeacherColumns);
        if (job->InverseTemperature != 1)
        {
            if (!job->IsDivided) RowKernels.Scale(z, job->InverseTemperature, job->Columns);
            RowKernels.Scale(teacher, job->InverseTemperature, both);
        }

        job->Divergences[r] = LogitDivergence.Of(z, teacher, both, job->Divergence, job->Slopes[r], job->InverseTemperature);
    }
}
