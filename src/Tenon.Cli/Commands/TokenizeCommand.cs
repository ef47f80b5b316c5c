using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Cli.Commands.Lines;
using Tenon.Cli.Commands.Options;
using Tenon.Text.Tokenizers;

namespace Tenon.Cli.Commands;

/// <summary>Texts to ids and back, line by line.</summary>
internal sealed class TokenizeCommand : Verb
{
    private readonly Argument<string> _tokenizer;
    private readonly Option<string> _input;
    private readonly TextOptions _text;

    public TokenizeCommand()
        : base("tokenize", "texts to token ids and back", "tenon tokenize tiny --input lines.jsonl")
    {
        _tokenizer = Add(new Argument<string>("TOKENIZER") { Description = "a folder with tokenizer.json, a .gguf file, or tiny" });
        _input =
            Add(new Option<string>("--input",
            "-i")
            {
                Description =
            "JSONL (- for standard input): {\"text\":...,\"special\":bool} or {\"ids\":[...],\"skip_special\":bool,\"prefixes\":bool}",
                Required = true
            });
        _text = new TextOptions(this, template: false);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        var file = call.GetValue(_input)!;
        var opened = _text.Open(call, call.GetValue(_tokenizer)!, terminal).Tokenizer;
        foreach (var line in JsonLines.Read(file, terminal))
        {
            JsonObject answer;
            try
            {
                answer = Answer(opened, JsonLines.Parse(line, file), $"{file}, line {line.Number}");
            }
            catch (TenonException e)
            {
                // One bad line is answered as such; the others go on.
                answer = JsonLines.Error("Error", e.Message);
            }

            JsonLines.Write(terminal, answer);
        }

        return 0;
    }

    private static JsonObject Answer(ITokenizer tokenizer, JsonElement line, string where)
    {
        if (JsonLines.Text(line, "text", where) is { } text)
            return new JsonObject { ["ids"] = JsonLines.Array(tokenizer.Encode(text, JsonLines.Flag(line, "special", where))) };
        var ids = JsonLines.Ids(line, where) ?? throw new TenonException(where, "text or ids", "neither", usage: true);
        var skip = JsonLines.Flag(line, "skip_special", where);
        var answer = new JsonObject { ["text"] = tokenizer.Decode(ids, skip) };
        if (JsonLines.Flag(line, "prefixes", where))
            answer["prefixes"] = JsonLines.Array(Enumerable.Range(0, ids.Length + 1).Select(n => tokenizer.Decode(ids.AsSpan(0, n), skip)));
        return answer;
    }
}
