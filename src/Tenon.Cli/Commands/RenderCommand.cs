using System.CommandLine;
using Tenon.Cli.Commands.Lines;
using Tenon.Cli.Commands.Options;
using Tenon.Text.Templates;

namespace Tenon.Cli.Commands;

/// <summary>Chat templates, line by line.</summary>
internal sealed class RenderCommand : Verb
{
    private readonly Argument<string?> _tokenizer;
    private readonly Option<string> _input;
    private readonly Option<string?> _template;
    private readonly TextOptions _text;

    public RenderCommand()
        : base("render", "conversations through a chat template", "tenon render tiny --input conversations.jsonl",
        "tenon render - --input cases.jsonl")
    {
        _tokenizer =
            Add(new Argument<string?>(
            "TOKENIZER")
            {
                Description = "a folder with tokenizer.json, a .gguf file, tiny, or - where the lines bring their templates",
                Arity = ArgumentArity.ZeroOrOne
            });
        _input =
            Add(new Option<string>("--input",
            "-i")
            {
                Description = "JSONL (- for standard input): {\"messages\":[...],...} or {\"template\":\"...\",\"vars\":{...}}",
                Required = true
            });
        _template = Add(new Option<string?>("--template") { Description = "a template file instead of a TOKENIZER's" });
        _text = new TextOptions(this, template: false);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        var renderer = Renderer(call, terminal);
        foreach (var line in JsonLines.Read(call.GetValue(_input)!, terminal))
        {
            terminal.Out.WriteLine(line.Fault is { } fault ? JsonLines.Error("Error", fault.Message).ToJsonString()
                : renderer.Answer(line.Text));
            terminal.Out.Flush();
        }

        return 0;
    }

    private RenderLine Renderer(ParseResult call, Terminal terminal)
    {
        if (call.GetValue(_template) is { } file)
        {
            return new RenderLine(ChatTemplates.Of(InputFile.ReadText(file, "template")));
        }

        if (call.GetValue(_tokenizer) is not { } name || name == "-") return new RenderLine();
        var source = _text.Open(call, name, terminal);
        return new RenderLine(source.Templates, source.SpecialTokens);
    }
}
