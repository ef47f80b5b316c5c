using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.Cli.Commands.Lines;
using Tenon.Cli.Commands.Options;
using Tenon.Models.Generation;
using Tenon.Rollouts;
using Tenon.Text.Prompting;
using Tenon.Text.Tokenizers;

namespace Tenon.Cli.Commands;

/// <summary>Completes prompts: streamed text for a person, JSON lines for a program.</summary>
internal sealed class GenerateCommand : Verb
{
    private readonly Argument<string> _model;
    private readonly Argument<string[]> _prompts;
    private readonly Option<string?> _adapter;
    private readonly Option<string?> _input;
    private readonly Option<int> _samples;
    private readonly Option<bool> _template;
    private readonly Option<bool> _rendered;
    private readonly SamplingOptions _sampling;
    private readonly TextOptions _text;
    private readonly ComputeOptions _compute;

    public GenerateCommand()
        : base("generate", "completes prompts", "tenon generate tiny --chat-template '347+86=?'",
        "tenon generate MODEL --input prompts.jsonl --samples 4 --temperature 0.7")
    {
        _model = Add(new Argument<string>("MODEL") { Description = "a Hugging Face folder, a .gguf file, or tiny" });
        _prompts = Add(new Argument<string[]>("PROMPT") { Description = "texts to complete", Arity = ArgumentArity.ZeroOrMore });
        _adapter = Add(new Option<string?>("--adapter") { Description = "an adapter folder" });
        _input =
            Add(new Option<string?>("--input",
            "-i")
            {
                Description =
            "a JSONL file (- for standard input) of {\"ids\":[...]} or {\"prompt\":\"...\"} lines; answers are JSON lines"
            });
        _samples = Add(new Option<int>("--samples") { Description = "completions of each prompt", DefaultValueFactory = _ => 1 });
        _template =
            Add(new Option<bool>("--chat-template") { Description = "wrap each prompt as a user's message in the model's chat template" });
        _rendered =
            Add(new Option<bool>("--rendered")
            {
                Description =
            "the prompts are a chat template's output already: no begin token is added (a line says it for itself by \"rendered\": true)"
            });
        _sampling = new SamplingOptions(this);
        _text = new TextOptions(this);
        _compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        _compute.Apply(call);
        var count = call.GetValue(_samples);
        if (count < 1) throw new TenonException("--samples", "1 or more", $"{count}", usage: true);
        var file = call.GetValue(_input);
        var texts = call.GetValue(_prompts) ?? [];
        if (file is null && texts.Length == 0)
            throw new TenonException("tenon generate", "a PROMPT or --input FILE", "neither", usage: true);
        var source = call.GetValue(_model)!;
        var wrap = call.GetValue(_template);
        var tokenizer = new Lazy<TokenizerSource>(() => _text.Open(call, source, terminal));
        var arguments = _text.Arguments(call);
        if (arguments.Count > 0 && !wrap)
            throw new TenonException("--template-arg", "--chat-template beside it", "prompts that no template renders", usage: true);
        var encoder =
            new Lazy<PromptEncoder>(() => PromptEncoder.Of(tokenizer.Value, wrap ? null : false, wrap ? arguments : null));
        var isRendered = call.GetValue(_rendered);
        if (wrap && isRendered)
            throw new TenonException("--rendered", "prompts that are rendered, or prompts to be rendered", "--chat-template beside it",
                usage: true);
        var reader = new PromptText(encoder, isRendered, terminal);
        List<int[]> ids = file is null
            ? [.. texts.Select(t => reader.Encode(t, isRendered))]
            : [.. JsonLines.Objects(file, terminal).Select(line => Read(line.Json, line.Where, reader))];
        var limit = _sampling.MaxNewTokens(call);
        var longest = ids.Select(i => i.Length).DefaultIfEmpty(1).Max();
        var loaded = LanguageModel.OpenWeights(source, _compute.Precision(call), longest + 1, longest + limit);
        TextOptions.Tell(loaded.Notices, terminal);
        if (longest + limit > loaded.Model.MaxLength)
            terminal.Note($"completions end at the model's context of {loaded.Model.MaxLength} tokens");
        using var set = call.GetValue(_adapter) is { } folder ? AdapterOpener.Open(loaded.Model, folder, terminal) : null;
        var ends = _sampling.IgnoreEos(call) ? new HashSet<int>() : loaded.EndTokens;
        var generator =
            new Generator(loaded.Model,
            new GeneratorOptions
            {
                Sampling = _sampling.Settings(call, loaded.Model.Config.Generation), EndTokens = ends,
                Precision = _compute.Precision(call)
            });
        var seed = _compute.Seed(call);
        var requests =
            ids.Select((p, i) =>
            new GenerationRequest(p, count, Math.Min(limit, loaded.Model.MaxLength - p.Length),
            new RandomPlace(seed, RandomPurpose.Sampling, 0, (uint)i))
            { Adapter = set }).ToList();
        var decoder = TryTokenizer(tokenizer);
        var completions = decoder is null ? null : new CompletionDecoder(decoder);
        if (file is not null)
        {
            GeneratedSample? broken = null;
            // With its special tokens a prompt reads as the template has rendered it.
            var rendered = ids.ConvertAll(prompt => decoder?.Decode(prompt));
            foreach (var s in generator.Generate(requests, cancel: terminal.Interrupt.Token))
            {
                JsonLines.Write(terminal, Answer(s, rendered[s.Request], completions));
                if (!FiniteSample.Is(s)) broken ??= s;
            }

            return broken is null ? 0 : throw FiniteSample.Fault(broken);
        }

        foreach (var (request, i) in requests.Select((r, i) => (r, i)))
            for (var s = 0; s < count; s++)
            {
                var stream = completions!.Streaming();
                var one = request with { Samples = 1, FirstSample = s };
                var made = generator.Generate([one], (_, _, id) =>
                {
                    terminal.Out.Write(stream.Add(id));
                    terminal.Out.Flush();
                }, terminal.Interrupt.Token);
                terminal.Out.WriteLine(stream.Flush());
                if (made.FirstOrDefault(g => !FiniteSample.Is(g)) is { } broken) throw FiniteSample.Fault(broken);
            }

        return 0;
    }

    private static ITokenizer? TryTokenizer(Lazy<TokenizerSource> source)
    {
        try
        {
            return source.Value.Tokenizer;
        }
        catch (TenonException)
        {
            // Lines of ids need no tokenizer; their text is then null.
            return null;
        }
    }

    private static int[] Read(System.Text.Json.JsonElement line, string where, PromptText reader)
    {
        var ids = JsonLines.Ids(line, where)
            ?? (JsonLines.Text(line, "prompt", where) is { } prompt ? reader.Encode(prompt, reader.IsRendered(line, where)) : null)
            ?? throw new TenonException(where, "{\"ids\":[...]} or {\"prompt\":\"...\"}", "neither", usage: true);
        return ids.Length > 0 ? ids : throw new TenonException(where, "at least one token", "an empty prompt", usage: true);
    }

    private static JsonObject Answer(GeneratedSample s, string? prompt, CompletionDecoder? completions) => new()
    {
        ["line"] = s.Request,
        ["sample"] = s.Sample,
        ["prompt"] = prompt,
        ["ids"] = JsonLines.Array(s.Ids),
        ["text"] = completions?.Decode(s.Ids),
        ["logp"] = JsonLines.Array(s.LogProbabilities),
        ["finish"] = s.Finish == FinishReason.Stop ? "stop" : "length",
    };
}
