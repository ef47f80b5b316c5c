namespace Tenon.Checkpoints;

/// <summary>
/// The model that is part of the program: <c>tiny</c>, a small Qwen2 that Tenon itself made with <c>tenon pretrain
/// recipes/tiny-pretrain.yaml</c> and that half
/// knows sums of two numbers. Its files are those of an ordinary Hugging Face folder.
/// </summary>
public static class EmbeddedModel
{
    /// <summary>The word that names it wherever a MODEL is asked for.</summary>
    public const string Name = "tiny";

    private const string Prefix = "Tenon.Checkpoints.Tiny.";

    /// <summary>One of its text files.</summary>
    public static string ReadText(string file) => System.Text.Encoding.UTF8.GetString(ReadBytes(file));

    /// <summary>One of its files.</summary>
    public static byte[] ReadBytes(string file)
    {
        using var stream = typeof(EmbeddedModel).Assembly.GetManifestResourceStream(Prefix + file)
            ?? throw new TenonException($"the embedded model's file '{file}'", "a resource of this program", "none",
            "this build was made without it");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
