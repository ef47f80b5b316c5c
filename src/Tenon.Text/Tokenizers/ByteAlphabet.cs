namespace Tenon.Text.Tokenizers;

/// <summary>
/// GPT-2's alphabet: every byte as one printable character, so that any text is a string of known symbols. Printable Latin-1 stands for
/// itself; the other 68 bytes follow from U+0100 on.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = new char[256];
    private static readonly short[] Bytes = new short[0x180];

    static ByteAlphabet()
    {
        Array.Fill(Bytes, (short)-1);
        var next = 0x100;
        for (var b = 0; b < 256; b++)
        {
            var stands = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
            Characters[b] = stands ? (char)b : (char)next++;
            Bytes[Characters[b]] = (short)b;
        }
    }

    /// <summary>The character of a byte.</summary>
    public static char Of(byte value) => Characters[value];

    /// <summary>The bytes that a token stands for: through the alphabet if every character is in it, as plain UTF-8 if not.</summary>
    public static byte[] Decode(string token)
    {
        var result = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            var b = token[i] < Bytes.Length ? Bytes[token[i]] : (short)-1;
            if (b < 0) return System.Text.Encoding.UTF8.GetBytes(token);
            result[i] = (byte)b;
        }

        return result;
    }
}
