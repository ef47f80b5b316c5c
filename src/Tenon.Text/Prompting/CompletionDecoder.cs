using Tenon.Text.Tokenizers;

namespace Tenon.Text.Prompting;

/// <summary>
/// The text of a completion: special tokens are left out, but for the tags of think blocks, which some tokenizers mark as special and
/// without which nobody could tell thought from answer. Immutable and thread-safe.
/// </summary>
public sealed class CompletionDecoder
{
    private readonly ITokenizer _tokenizer;
    private readonly HashSet<int> _tags;

    /// <summary>Decodes through a tokenizer.</summary>
    public CompletionDecoder(ITokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        _tags =
        [
            .. ThinkTags.All.SelectMany(t => new[] { t.Open, t.Close }).Select(tokenizer.IdOf).OfType<int>().Where(tokenizer.IsSpecial),
        ];
    }

    /// <summary>Text of a completion's ids.</summary>
    public string Decode(ReadOnlySpan<int> ids)
    {
        if (_tags.Count == 0) return _tokenizer.Decode(ids, skipSpecial: true);
        var kept = new List<int>(ids.Length);
        foreach (var id in ids)
            if (IsKept(id)) kept.Add(id);
        return _tokenizer.Decode([.. kept]);
    }

    /// <summary>The same, fed with ids one by one.</summary>
    public IStreamingDecoder Streaming() =>
        _tags.Count == 0 ? _tokenizer.StreamingDecoder(skipSpecial: true) : new Filtered(this, _tokenizer.StreamingDecoder());

    private bool IsKept(int id) => !_tokenizer.IsSpecial(id) || _tags.Contains(id);

    private sealed class Filtered(CompletionDecoder rule, IStreamingDecoder inner) : IStreamingDecoder
    {
        public string Add(int id) => rule.IsKept(id) ? inner.Add(id) : "";

        public string Flush() => inner.Flush();
    }
}
