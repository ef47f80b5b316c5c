using Tenon.Text.Tokenizers;

namespace Tenon.Cli.Running;

/// <summary>
/// Brings a model's tokenizer and chat templates into a folder that is written: what is there is copied unread, what is not is said.
/// </summary>
internal static class TokenizerCopy
{
    /// <summary>The writer for a MODEL word; a missing or unreadable tokenizer is a note, for weights need none.</summary>
    /// <param name="model">The MODEL word.</param>
    /// <param name="terminal">Takes the notes.</param>
    /// <param name="pre">The rule that cuts a GGUF file's text, where the file names none.</param>
    public static Action<string> Of(string model, Terminal terminal, string? pre = null) => target =>
    {
        if (Directory.Exists(model))
        {
            var copied = TokenizerFiles.Copy(model, target);
            if (!copied.Contains("tokenizer.json"))
                terminal.Error.WriteLine($"note: {model} has no tokenizer.json, so the new folder has none either; "
                    + (copied.Count == 0 ? "nothing of a tokenizer was there to copy" : $"copied: {string.Join(", ", copied)}"));
            return;
        }

        try
        {
            var source = TokenizerSource.Open(model, pre);
            TextOptions.Tell(source.Notices, terminal);
            source.WriteTo(target);
        }
        catch (TenonException e)
        {
            terminal.Error.WriteLine($"note: the model is written without a tokenizer: {e.Message}");
        }
    };
}
