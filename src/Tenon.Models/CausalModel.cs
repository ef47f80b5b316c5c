using Tenon.Models.Config;
using Tenon.Models.Decoders;
using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Models;

/// <summary>A decoder-only language model with frozen weights: token runs in, hidden states out. Immutable but for its slots.</summary>
public sealed class CausalModel
{
    private readonly DecoderBlock[] _blocks;

    internal CausalModel(ModelConfig config, Embedding embedding, DecoderBlock[] blocks, RmsNorm norm, Linear head, RotaryTable rotary,
        string fingerprint)
    {
        Config = config;
        Embedding = embedding;
        Blocks = _blocks = blocks;
        Norm = norm;
        Head = head;
        Rotary = rotary;
        Fingerprint = fingerprint;
    }

    /// <summary>Sizes and settings.</summary>
    public ModelConfig Config { get; }

    /// <summary>The token embedding.</summary>
    public Embedding Embedding { get; }

    /// <summary>The blocks, first to last.</summary>
    public IReadOnlyList<DecoderBlock> Blocks { get; }

    /// <summary>The final norm.</summary>
    public RmsNorm Norm { get; }

    /// <summary>The head, <c>lm_head</c>; it shares the embedding's table where the model is tied.</summary>
    public Linear Head { get; }

    /// <summary>True where head and embedding are one matrix.</summary>
    public bool IsTied => ReferenceEquals(Head.Weight, Embedding.Table);

    /// <summary>Rotary angles up to the run's maximum length, which fixes the frequencies.</summary>
    public RotaryTable Rotary { get; }

    /// <summary>Longest sequence that this instance takes.</summary>
    public int MaxLength => (int)Rotary.Length;

    /// <summary>SHA-256 of the checkpoint's names, shapes and stored bytes.</summary>
    public string Fingerprint { get; }

    /// <summary>Linear layers of the blocks, in order, without the head.</summary>
    public IEnumerable<Linear> Linears => Blocks.SelectMany(b => b.Linears);

    /// <summary>All norms, in order, the final one last.</summary>
    public IEnumerable<RmsNorm> Norms => Blocks.SelectMany(b => b.Norms).Append(Norm);

    /// <summary>Number of weights; a tied table counts once.</summary>
    public long ParameterCount =>
        Linears.Sum(l => (long)l.Outputs * l.Inputs + (l.Bias?.Length ?? 0)) + Norms.Sum(n => (long)n.Weight.Length)
        + Embedding.Table.Outputs * Embedding.Table.Inputs + (IsTied ? 0 : Head.Weight.Outputs * Head.Weight.Inputs);

    /// <summary>Bytes of all frozen matrices as they lie in memory, without the second copies that int8 gradients make.</summary>
    public long WeightBytes => Linears.Select(l => l.Weight).Append(Embedding.Table).Append(Head.Weight).Distinct().Sum(w => (long)w.Bytes);

    /// <summary>
    /// SHA-256 over the values of all frozen weights as they are in memory now: equal at the start and the end of every run.
    /// </summary>
    public string WeightsSha256()
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        foreach (var text in Linears.Select(l => l.Weight.Sha256()).Append(Embedding.Table.Sha256()).Append(Head.Weight.Sha256()))
            hash.AppendData(System.Text.Encoding.ASCII.GetBytes(text));
        foreach (var vector in Norms.Select(n => n.Weight).Concat(Linears.Select(l => l.Bias).OfType<Parameter>()))
            hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(vector.Value));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>
    /// Another model over the same frozen weights, with slots of its own: several adapters are trained at once over one packed base.
    /// </summary>
    /// <param name="maxLength">Longest sequence that the new one takes.</param>
    public CausalModel Share(int maxLength)
    {
        DecoderBuilder.RequireFullAttention(Config, Config.ModelType, maxLength);
        var table = new Embedding(Embedding.Path, Embedding.Table);
        var rotary = maxLength == MaxLength ? Rotary : DecoderBuilder.RotaryOf(Config, maxLength);
        return new CausalModel(Config, table, [.. Blocks.Select(block => block.Share())], Norm.Share(), Head.Share(), rotary, Fingerprint);
    }

    /// <summary>Hidden states after the final norm [tokens, hidden] for every token of the batch.</summary>
    public Tensor Forward(Tape tape, TokenBatch batch)
    {
        if (batch.Count == 0) throw new TenonException("forward pass", "at least one token", "an empty batch");
        var x = Embedding.Forward(tape, batch);
        foreach (var block in _blocks) x = tape.Recording ? Recorded(tape, block, x, batch) : Plain(tape, block, x, batch);
        return Norm.Forward(tape, x, batch);
    }

    private Tensor Recorded(Tape tape, DecoderBlock block, Tensor x, TokenBatch batch) =>
        tape.Checkpoint(x, input => block.Forward(tape, input, batch, Rotary));

    private Tensor Plain(Tape tape, DecoderBlock block, Tensor x, TokenBatch batch)
    {
        var mark = tape.Mark();
        var y = block.Forward(tape, x, batch, Rotary);
        tape.Release(mark, y);
        return y;
    }

    /// <summary>Logits [rows, vocabulary] of hidden rows: for a few rows at a time, never for all tokens of a training batch.</summary>
    public Tensor Logits(Tape tape, Tensor hidden, TokenBatch batch) => Head.Forward(tape, hidden, batch);

    /// <summary>Log-probabilities and entropies of <paramref name="targets"/> at the given hidden rows.</summary>
    public TokenHead LogProbabilities(Tape tape, Tensor hidden, int[] targets, TokenBatch batch, double temperature = 1,
        bool squares = false) =>
        TokenHead.Forward(tape, hidden, (inner, rows) => Head.Forward(inner, rows, batch), targets, temperature, squares);

    /// <summary>
    /// The same where the gradients of the loss by each of them are known beforehand: the head's backward pass is done at once, and
    /// <see cref="TokenHead.Resume"/> goes on with the blocks'. A <paramref name="teacher"/>'s distributions are compared on the way.
    /// </summary>
    public TokenHead LogProbabilities(Tape tape, Tensor hidden, int[] targets, TokenBatch batch, float[] gradients,
        float[]? entropyGradients, double temperature = 1, VocabularyTeacher? teacher = null) =>
        TokenHead.ForwardBackward(tape, hidden, (inner, rows) => Head.Forward(inner, rows, batch), targets, gradients, entropyGradients,
            temperature, teacher);
}
