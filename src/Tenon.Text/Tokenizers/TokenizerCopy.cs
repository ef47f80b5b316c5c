namespace Tenon.Text.Tokenizers;

/// <summary>
/// Brings a model's tokenizer and chat templates into a folder that is written: what is there is copied unread, what is not is said.
/// </summary>
public static class TokenizerCopy
{
    /// <summary>The writer for a MODEL word; a missing or unreadable tokenizer is a note, for weights need none.</summary>
    /// <param name="model">The MODEL word.</param>
    /// <param name="say">Takes the notes.</param>
    /// <param name="pre">The rule that cuts a GGUF file's text, where the file names none.</param>
    /// <exception cref="TenonException">A rule for a folder, whose files say by themselves how text is cut.</exception>
    public static Action<string> Of(string model, Action<string> say, string? pre = null)
    {
        if (pre is not null && Directory.Exists(model)) throw TokenizerSource.NoGguf(model);
        return target => Write(model, target, say, pre);
    }

    private static void Write(string model, string target, Action<string> say, string? pre)
    {
        if (Directory.Exists(model))
        {
            var copied = TokenizerFiles.Copy(model, target);
            if (!copied.Contains("tokenizer.json"))
                say($"{model} has no tokenizer.json, so the new folder has none either; "
                    + (copied.Count == 0 ? "nothing of a tokenizer was there to copy" : $"copied: {string.Join(", ", copied)}"));
            return;
        }

        try
        {
            var source = TokenizerSource.Open(model, pre);
            foreach (var notice in source.Notices) say(notice);
            source.WriteTo(target);
        }
        catch (TenonException e) when (pre is null)
        {
            say($"the model is written without a tokenizer: {e.Message}");
        }
    }
}
