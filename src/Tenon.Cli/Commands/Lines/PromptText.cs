using System.Text.Json;
using Tenon.Text.Prompting;

namespace Tenon.Cli.Commands.Lines;

/// <summary>
/// Prompts that verbs are given as text. A plain one gets what the tokenizer adds (a begin token); one that a chat template has rendered
/// already, marked
/// by <c>"rendered": true</c> (or <c>"special": false</c>) in its line or by <c>--rendered</c>, gets nothing.
/// </summary>
internal sealed class PromptText(Lazy<PromptEncoder> encoder, bool rendered, Terminal terminal)
{
    private bool _warned;

    /// <summary>Whether a line's prompt is rendered already.</summary>
    public bool IsRendered(JsonElement line, string where) =>
        JsonLines.Flag(line, "rendered", where, rendered) || !JsonLines.Flag(line, "special", where, otherwise: true);

    /// <summary>The ids of a prompt; one that begins with the begin token which the tokenizer adds is warned about once.</summary>
    public int[] Encode(string text, bool isRendered)
    {
        if (isRendered) return encoder.Value.Tokenizer.Encode(text);
        var ids = encoder.Value.Encode(text);
        if (!_warned && !encoder.Value.HasTemplate && ids is [var first, var second, ..] && first == second
            && encoder.Value.Tokenizer.Encode(text) is { } plain
            && plain.Length < ids.Length && plain[0] == first)
        {
            _warned = true;
            terminal.Error.WriteLine(
                $"note: a prompt begins with {encoder.Value.Tokenizer.TokenOf(first)}, and the tokenizer adds another one; "
                + "\"rendered\": true in its line, or --rendered, leaves it out");
        }

        return ids;
    }

    /// <summary>The ids of an answer behind a prompt.</summary>
    public int[] EncodeAnswer(string text) => encoder.Value.Tokenizer.Encode(text);
}
