using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Support;

/// <summary>A token a byte.</summary>
internal sealed class ByteTokenizer : ITokenizer
{
    public int VocabularySize => 67;

    public int[] Encode(string text, bool addSpecial = false) => [.. text.Select(c => c % 64 + 2)];

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false) => string.Join(' ', ids.ToArray());

    public int? IdOf(string token) => null;

    public string? TokenOf(int id) => null;

    public IStreamingDecoder StreamingDecoder(bool skipSpecial = false) => throw new NotSupportedException();
}
