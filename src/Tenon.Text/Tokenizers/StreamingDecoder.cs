using System.Text;

namespace Tenon.Text.Tokenizers;

/// <summary>Decodes ids one by one: bytes wait until they are whole characters, or can no longer become one.</summary>
internal sealed class StreamingDecoder(BpeTokenizer tokenizer, bool skipSpecial) : IStreamingDecoder
{
    private readonly List<byte> _waiting = [];

    public string Add(int id)
    {
        _waiting.AddRange(tokenizer.BytesOf(id, skipSpecial));
        var bytes = _waiting.ToArray();
        var ready = bytes.Length - Incomplete(bytes);
        if (ready == 0) return "";
        _waiting.RemoveRange(0, ready);
        return Encoding.UTF8.GetString(bytes, 0, ready);
    }

    public string Flush()
    {
        var rest = Encoding.UTF8.GetString([.. _waiting]);
        _waiting.Clear();
        return rest;
    }

    /// <summary>Number of bytes at the end that begin a character and may still become one.</summary>
    private static int Incomplete(byte[] bytes)
    {
        for (var back = 1; back <= Math.Min(3, bytes.Length); back++)
        {
            var b = bytes[^back];
            if ((b & 0xC0) == 0x80) continue;
            var length = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
            return length > back && Rune.DecodeFromUtf8(bytes.AsSpan(bytes.Length - back), out _, out _)
                == System.Buffers.OperationStatus.NeedMoreData ? back : 0;
        }

        return 0;
    }
}
