using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.Checkpoints;
using Tenon.Cli.Commands.Lines;
using Tenon.Cli.Commands.Options;
using Tenon.Models.Weights;
using Tenon.Recipes;
using Tenon.Text.Tokenizers;
using Tenon.Training.Pretraining;

namespace Tenon.Cli.Commands;

/// <summary>Looks into a model, or writes it as a Hugging Face folder.</summary>
internal sealed class ModelCommand : Verb
{
    private readonly Argument<string> _action;
    private readonly Argument<string> _model;
    private readonly Argument<string?> _target;
    private readonly Option<string> _dtype;
    private readonly Option<string?> _adapter;
    private readonly Option<string?> _like;
    private readonly Option<long> _seed;
    private readonly Option<bool> _json;
    private readonly TextOptions _text;

    public ModelCommand()
        : base("model",
        "inspect: family, sizes, tokenizer, fingerprint of a model; export: write it as a Hugging Face folder; random: a folder of "
        + "random weights in the shape of a config.json",
            "tenon model inspect tiny", "tenon model export model.gguf exported --dtype bf16",
            "tenon model random --like config.json random --seed 7")
    {
        _action = Add(new Argument<string>("ACTION") { Description = "inspect, export or random" });
        _action.AcceptOnlyFromAmong("inspect", "export", "random");
        _model =
            Add(new Argument<string>("MODEL") { Description = "a Hugging Face folder, a .gguf file, or tiny; the new folder (random)" });
        _target = Add(new Argument<string?>("DIR") { Description = "the new folder (export)", Arity = ArgumentArity.ZeroOrOne });
        _dtype = Add(new Option<string>("--dtype") { Description = "f32 or bf16 (export, random)", DefaultValueFactory = _ => "f32" });
        _dtype.AcceptOnlyFromAmong("f32", "bf16");
        _adapter = Add(new Option<string?>("--adapter") { Description = "an adapter folder to merge in (export)" });
        _like =
            Add(new Option<string?>("--like")
            {
                Description = "the config.json whose shape the random model has (random)",
                HelpName = "FILE"
            });
        _seed = Add(new Option<long>("--seed") { Description = "the seed of the random weights (random)", DefaultValueFactory = _ => 42 });
        _json = Add(new Option<bool>("--json") { Description = "one JSON line (inspect)" });
        _text = new TextOptions(this, template: false);
    }

    protected override int Run(ParseResult call, Terminal terminal) =>
        call.GetValue(_action) switch
        {
            "inspect" => Inspect(call, terminal),
            "random" => Random(call, terminal),
            _ =>
        Export(call, terminal)
        };

    private int Random(ParseResult call, Terminal terminal)
    {
        var folder = call.GetValue(_model)!;
        if (call.GetValue(_target) is not null)
            throw new TenonException("tenon model random", "one folder: tenon model random --like CONFIG.json DIR", "two", usage: true);
        var config = call.GetValue(_like) ?? throw new TenonException("tenon model random", "--like CONFIG.json", "none", usage: true);
        RandomModelFolder.Write(config, folder, (ulong)call.GetValue(_seed), TypeOf(call), terminal.Note);
        terminal.Out.WriteLine(folder);
        return 0;
    }

    private SafetensorsType TypeOf(ParseResult call) => call.GetValue(_dtype) == "bf16" ? SafetensorsType.BF16 : SafetensorsType.F32;

    private int Inspect(ParseResult call, Terminal terminal)
    {
        var name = call.GetValue(_model)!;
        using var source = ModelSource.Open(name);
        TextOptions.Tell(source.Notices, terminal);
        var c = source.Config;
        TokenizerSource? tokenizer = null;
        string? fault = null;
        try
        {
            tokenizer = _text.Open(call, name, terminal);
        }
        catch (TenonException e)
        {
            fault = e.Message.Split('\n')[0];
        }

        var facts = new JsonObject
        {
            ["model"] = source.Location,
            ["family"] = c.ModelType,
            ["parameters"] = source.Weights.Tensors.Values.Where(t => t.Name != "lm_head.weight" || !c.TieWordEmbeddings).Sum(t => t.Count),
            ["layers"] = c.NumHiddenLayers,
            ["hidden"] = c.HiddenSize,
            ["feed_forward"] = c.IntermediateSize,
            ["heads"] = c.NumAttentionHeads,
            ["kv_heads"] = c.NumKeyValueHeads,
            ["head_size"] = c.HeadDim,
            ["vocabulary"] = c.VocabSize,
            ["tied"] = c.TieWordEmbeddings,
            ["context"] = c.MaxPositionEmbeddings,
            ["sliding_window"] = c.SlidingWindow,
            ["rope"] = $"{c.RopeScaling.Type.ToString().ToLowerInvariant()}, theta {c.RopeTheta}",
            ["storage"] = string.Join(", ",
            source.Weights.Tensors.Values.GroupBy(t => t.Storage).OrderByDescending(g => g.Count()).Select(g => $"{g.Count()} x {g.Key}")),
            ["tokenizer"] = tokenizer is null ? fault : $"{tokenizer.Tokenizer.VocabularySize} tokens",
            ["chat_template"] = tokenizer?.Templates is not null,
            ["end_tokens"] = JsonLines.Array(c.EosTokenIds),
            ["fingerprint"] = source.Fingerprint,
        };
        if (call.GetValue(_json)) terminal.Out.WriteLine(facts.ToJsonString());
        else
            foreach (var (key, value) in facts) terminal.Out.WriteLine($"{key,-14} {(value is JsonArray ? value.ToJsonString() : value)}");
        return 0;
    }

    private int Export(ParseResult call, Terminal terminal)
    {
        var name = call.GetValue(_model)!;
        var folder = call.GetValue(_target) ?? throw new TenonException("tenon model export", "MODEL and DIR", "no DIR", usage: true);
        var type = TypeOf(call);
        if (call.GetValue(_adapter) is { } adapter) MergedModel.Write(name, adapter, folder, type, terminal.Note, _text.Pre(call));
        else
        {
            using var source = ModelSource.Open(name);
            TextOptions.Tell(source.Notices, terminal);
            HuggingFaceExport.Write(folder, source.Config, source.Weights, type, TokenizerCopy.Of(name, terminal.Note, _text.Pre(call)));
        }

        terminal.Out.WriteLine(folder);
        return 0;
    }
}
