using System.Text;
using Tenon.Text.Tokenizers.Normalizers;
using Tenon.Text.Tokenizers.PreTokenizers;

namespace Tenon.Text.Tokenizers;

/// <summary>
/// A byte-level BPE tokenizer. Encoding: added tokens that are not normalized are cut out of the raw text; the rest is normalized;
/// normalized added
/// tokens are cut out; each stretch is pre-tokenized by itself, and each piece is merged.
/// </summary>
internal sealed class BpeTokenizer : ITokenizer
{
    private readonly Dictionary<string, int> _vocabulary;
    private readonly string?[] _tokens;
    private readonly byte[]?[] _bytes;
    private readonly HashSet<int> _special;
    private readonly AddedTokens _rawTokens;
    private readonly AddedTokens _normalizedTokens;
    private readonly IReadOnlyList<Normalizer> _normalizers;
    private readonly IReadOnlyList<PreTokenizer> _preTokenizers;
    private readonly BpeMerger _merger;
    private readonly IReadOnlyList<int> _before;
    private readonly IReadOnlyList<int> _after;

    public BpeTokenizer(Dictionary<string, int> vocabulary, IReadOnlyList<AddedToken> added, IReadOnlyList<Normalizer> normalizers,
        IReadOnlyList<PreTokenizer> preTokenizers, BpeMerger merger, IReadOnlyList<int> before, IReadOnlyList<int> after)
    {
        _vocabulary = new Dictionary<string, int>(vocabulary, StringComparer.Ordinal);
        _normalizers = normalizers;
        _preTokenizers = preTokenizers;
        _merger = merger;
        _before = before;
        _after = after;
        var size = vocabulary.Values.Concat(added.Select(a => a.Id)).DefaultIfEmpty(-1).Max() + 1;
        _tokens = new string?[size];
        foreach (var (token, id) in vocabulary) _tokens[id] = token;
        foreach (var token in added)
        {
            _tokens[token.Id] = token.Content;
            _vocabulary[token.Content] = token.Id;
        }

        _bytes = new byte[]?[size];
        for (var i = 0; i < size; i++)
            if (_tokens[i] is { } text) _bytes[i] = ByteAlphabet.Decode(text);
        _special = [.. added.Where(a => a.Special).Select(a => a.Id)];
        _rawTokens = new AddedTokens(added.Where(a => !a.Normalized).Select(a => (a.Content, a)));
        _normalizedTokens = new AddedTokens(added.Where(a => a.Normalized).Select(a => (Normalized(a.Content), a)));
    }

    public int VocabularySize => _tokens.Length;

    public int[] Encode(string text, bool addSpecial = false)
    {
        var ids = new List<int>();
        if (addSpecial) ids.AddRange(_before);
        foreach (var (start, end, token) in _rawTokens.Cut(text))
        {
            if (token is not null) ids.Add(token.Id);
            else EncodeStretch(Normalized(text[start..end]), ids);
        }

        if (addSpecial) ids.AddRange(_after);
        return [.. ids];
    }

    private void EncodeStretch(string text, List<int> ids)
    {
        var pieces = new List<(int Start, int End)>();
        var finer = new List<(int Start, int End)>();
        foreach (var (start, end, token) in _normalizedTokens.Cut(text))
        {
            if (token is not null)
            {
                ids.Add(token.Id);
                continue;
            }

            pieces.Clear();
            pieces.Add((start, end));
            var written = text;
            foreach (var step in _preTokenizers)
            {
                finer.Clear();
                written = step.Apply(written, pieces, finer);
                (pieces, finer) = (finer, pieces);
            }

            foreach (var (from, to) in pieces) _merger.Encode(written.AsSpan(from, to - from), ids);
        }
    }

    private string Normalized(string text) => _normalizers.Aggregate(text, (t, step) => step.Apply(t));

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
    {
        var joined = new List<byte>(ids.Length * 4);
        foreach (var id in ids) joined.AddRange(BytesOf(id, skipSpecial));
        return Encoding.UTF8.GetString([.. joined]);
    }

    /// <summary>The bytes that a token stands for; none for an unknown id, and for special tokens where they are skipped.</summary>
    public byte[] BytesOf(int id, bool skipSpecial) =>
        (uint)id < (uint)_bytes.Length && _bytes[id] is { } known && !(skipSpecial && _special.Contains(id)) ? known : [];

    public int? IdOf(string token) => _vocabulary.TryGetValue(token, out var id) ? id : null;

    public string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    public bool IsSpecial(int id) => _special.Contains(id);

    public IStreamingDecoder StreamingDecoder(bool skipSpecial = false) => new StreamingDecoder(this, skipSpecial);
}
