using System.Buffers;
using System.Collections.Concurrent;
using System.Text;

namespace Tenon.Text.Tokenizers;

/// <summary>What decides how a piece is merged besides the merges.</summary>
/// <param name="IgnoreMerges">A piece that is a token as a whole is taken without merging.</param>
/// <param name="Unknown">The id of bytes that have no token; null leaves them out.</param>
/// <param name="FuseUnknown">Unknown bytes in a row are one unknown token.</param>
internal sealed record MergeSettings(bool IgnoreMerges = false, int? Unknown = null, bool FuseUnknown = false);

/// <summary>
/// Byte-pair merges of one piece: symbols start as single bytes, and the adjacent pair of lowest rank (leftmost among equals) is joined
/// until none is
/// known. Results of short pieces are kept. Thread-safe.
/// </summary>
internal sealed class BpeMerger
{
    private const int CachedLength = 48;
    private const int CachedPieces = 1 << 16;

    private readonly MergeTable _merges;
    private readonly int[] _byteIds = new int[256];
    private readonly Dictionary<string, int>? _wholes;
    private readonly int _longestWhole;
    private readonly MergeSettings _settings;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cacheBySpan;

    /// <summary>Takes the vocabulary and merges by rank; <paramref name="where"/> names the file in messages.</summary>
    public BpeMerger(Dictionary<string, int> vocabulary, IEnumerable<(string Left, string Right)> merges, MergeSettings settings,
        string where)
    {
        _settings = settings;
        var table = new List<(int, int, int)>();
        foreach (var (left, right) in merges)
        {
            if (!vocabulary.TryGetValue(left, out var a) || !vocabulary.TryGetValue(right, out var b)
                || !vocabulary.TryGetValue(left + right, out var whole))
                throw new TenonException($"merge {table.Count} of '{where}'", "parts and result in the vocabulary", $"'{left}' + '{right}'",
                    "the file is damaged");
            table.Add((a, b, whole));
        }

        _merges = new MergeTable(table);
        for (var i = 0; i < 256; i++) _byteIds[i] = vocabulary.TryGetValue(ByteAlphabet.Of((byte)i).ToString(), out var id) ? id : -1;
        if (settings.IgnoreMerges) (_wholes, _longestWhole) = (vocabulary, vocabulary.Keys.Max(k => k.Length));
        _cacheBySpan = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Appends the ids of a piece.</summary>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (piece.Length > CachedLength)
        {
            Merge(piece, ids);
            return;
        }
        if (!_cacheBySpan.TryGetValue(piece, out var known))
        {
            var found = new List<int>();
            Merge(piece, found);
            known = [.. found];
            if (_cache.Count < CachedPieces) _cache.TryAdd(piece.ToString(), known);
        }
        ids.AddRange(known);
    }

    private void Merge(ReadOnlySpan<char> piece, List<int> into)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(piece.Length));
        var ids = ArrayPool<int>.Shared.Rent(bytes.Length);
        try
        {
            var text = bytes.AsSpan(0, Encoding.UTF8.GetBytes(piece, bytes));
            if (Whole(text) is { } whole) into.Add(whole);
            else into.AddRange(ids.AsSpan(0, MergeWorkspace.Join(_merges, ids.AsSpan(0, Symbols(text, ids)))));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<int>.Shared.Return(ids);
        }
    }

    private int? Whole(ReadOnlySpan<byte> text)
    {
        if (_wholes is null || text.Length > _longestWhole) return null;
        Span<char> symbols = text.Length <= 256 ? stackalloc char[text.Length] : new char[text.Length];
        for (var i = 0; i < text.Length; i++) symbols[i] = ByteAlphabet.Of(text[i]);
        return _wholes.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(symbols, out var whole) ? whole : null;
    }

    // A byte without a token is an unknown token, or vanishes where there is none: merging goes on as if it were not there.
    private int Symbols(ReadOnlySpan<byte> text, int[] ids)
    {
        var n = 0;
        var open = false;
        foreach (var b in text)
        {
            var id = _byteIds[b];
            if (id >= 0)
            {
                ids[n++] = id;
                open = false;
            }
            else if (_settings.Unknown is { } unknown)
            {
                if (!open) ids[n++] = unknown;
                open = _settings.FuseUnknown;
            }
        }
        return n;
    }
}
