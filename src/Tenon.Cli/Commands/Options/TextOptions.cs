using System.CommandLine;
using System.Text.Json;
using Tenon.Text.Tokenizers;

namespace Tenon.Cli.Commands.Options;

/// <summary>
/// How a verb reads and writes text, beyond what the model's files say: arguments of the chat template, and the rule that cuts a GGUF
/// file's text.
/// </summary>
internal sealed class TextOptions
{
    private readonly Option<string[]>? _arguments;
    private readonly Option<string?> _pre = new("--tokenizer-pre")
    {
        Description = "the rule that cuts a GGUF file's text before merging (llama-bpe, qwen2 ...), where the file names none",
    };

    /// <summary>Adds the options to a verb; a verb that renders no conversation takes no template arguments.</summary>
    public TextOptions(Command verb, bool template = true)
    {
        if (template)
            verb.Options.Add(_arguments = new Option<string[]>("--template-arg")
            {
                Description =
                "name=value, a variable of the chat template, the value as JSON (enable_thinking=false); repeatable; chat_template=NAME "
                + "takes one of several",
            });
        verb.Options.Add(_pre);
    }

    /// <summary>The name of the rule that was asked for, or null.</summary>
    public string? Pre(ParseResult call) => call.GetValue(_pre);

    /// <summary>Opens a TOKENIZER word; what is to be known of it goes to standard error.</summary>
    public TokenizerSource Open(ParseResult call, string name, Terminal terminal)
    {
        var source = TokenizerSource.Open(name, Pre(call));
        Tell(source.Notices, terminal);
        return source;
    }

    /// <summary>Says what is to be known of a model or tokenizer.</summary>
    public static void Tell(IReadOnlyList<string> notices, Terminal terminal)
    {
        foreach (var notice in notices) terminal.Note(notice);
    }

    /// <summary>The template's arguments. A value that is no JSON is a text.</summary>
    public IReadOnlyDictionary<string, JsonElement> Arguments(ParseResult call)
    {
        var result = new Dictionary<string, JsonElement>();
        foreach (var given in _arguments is null ? [] : call.GetValue(_arguments) ?? [])
        {
            var equals = given.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1) throw new TenonException("--template-arg", "name=value", given, usage: true);
            if (!result.TryAdd(given[..equals], Value(given[(equals + 1)..])))
                throw new TenonException("--template-arg", "every name once", given[..equals], usage: true);
        }
        return result;
    }

    private static JsonElement Value(string text)
    {
        if (text is "True" or "False" or "None") throw new TenonException("--template-arg", "JSON: true, false or null", text, usage: true);
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text);
        }
    }
}
