using Tenon.Text.Tokenizers;

namespace Tenon.Cli.Running;

/// <summary>Brings a model's tokenizer and chat templates into a folder that is written: what is there is copied unread, what is not is said.</summary>
internal static class TokenizerCopy
{
    /// <summary>The writer for a MODEL word; a missing or unreadable tokenizer is a note, for weights need none.</summary>
    public static Action<string> Of(string model, Terminal terminal) => target =>
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
            TokenizerSource.Open(model).WriteTo(target);
        }
        catch (TenonException e)
        {
            terminal.Error.WriteLine($"note: the model is written without a tokenizer: {e.Message}");
        }
    };
}
