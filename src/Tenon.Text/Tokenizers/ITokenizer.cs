namespace Tenon.Text.Tokenizers;

/// <summary>
/// Text to ids and back, equal to the Hugging Face <c>tokenizers</c> library for the families supported. Immutable and thread-safe.
/// </summary>
public interface ITokenizer
{
    /// <summary>One more than the largest id.</summary>
    int VocabularySize { get; }

    /// <summary>
    /// Ids of a text; <paramref name="addSpecial"/> applies the post-processor (begin tokens ...). Added tokens in the text are always
    /// recognised.
    /// </summary>
    int[] Encode(string text, bool addSpecial = false);

    /// <summary>Text of ids: bytes are joined first and become UTF-8 as a whole; unknown ids give nothing.</summary>
    string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false);

    /// <summary>The id of a whole token (special, added or ordinary), or null.</summary>
    int? IdOf(string token);

    /// <summary>The token's own text as the vocabulary writes it, or null for an unknown id.</summary>
    string? TokenOf(int id);

    /// <summary>True for added tokens marked special: those that decoding without special tokens leaves out.</summary>
    bool IsSpecial(int id) => Decode([id]).Length > 0 && Decode([id], skipSpecial: true).Length == 0;

    /// <summary>A decoder that is fed ids one by one and gives back text as soon as it is whole UTF-8.</summary>
    IStreamingDecoder StreamingDecoder(bool skipSpecial = false);
}

/// <summary>Streaming decode state of one sequence.</summary>
public interface IStreamingDecoder
{
    /// <summary>Adds an id; returns the text that has become final (maybe empty).</summary>
    string Add(int id);

    /// <summary>The rest at the end of the stream (broken bytes become U+FFFD).</summary>
    string Flush();
}
