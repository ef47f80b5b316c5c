using Tenon.Checkpoints;

namespace Tenon.Text.Tokenizers.Json;

/// <summary>Reads <c>decoder</c>: only bytes become text here.</summary>
internal static class DecoderReader
{
    /// <summary>Throws where the file decodes in another way.</summary>
    public static void Require(JsonFields root)
    {
        if (root.Object("decoder") is not { } part) throw Parts.Unknown(root, "no decoder, and so one", "characters", "ByteLevel");
        var any = false;
        foreach (var step in Parts.Flat(part, "decoders"))
        {
            if (step.String("type") is var type && type != "ByteLevel") throw Parts.Unknown(step, "a decoder", type, "ByteLevel");
            any = true;
        }
        if (!any) throw Parts.Unknown(part, "a decoder", "an empty Sequence", "ByteLevel");
    }
}
