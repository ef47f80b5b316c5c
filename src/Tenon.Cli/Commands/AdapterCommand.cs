using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Adapters.Peft;
using Tenon.Checkpoints;
using Tenon.Cli.Commands.Lines;
using Tenon.Cli.Commands.Options;
using Tenon.Recipes;
using Tenon.Rollouts;

namespace Tenon.Cli.Commands;

/// <summary>Looks into an adapter folder, or merges it into its model.</summary>
internal sealed class AdapterCommand : Verb
{
    private readonly Argument<string> _action;
    private readonly Argument<string> _folder;
    private readonly Option<string?> _model;
    private readonly Option<string?> _output;
    private readonly Option<int?> _rank;
    private readonly Option<string> _dtype;
    private readonly Option<bool> _json;
    private readonly TextOptions _text;

    public AdapterCommand()
        : base("adapter",
        "inspect: method, base, targets, counts, tensors of an adapter folder; merge: write the merged model; to-lora: the same "
        + "function as plain LoRA, or the nearest one of a rank; convert: another dtype",
            "tenon adapter inspect runs/first/checkpoints/20", "tenon adapter merge runs/first/checkpoints/20 --model tiny --output merged",
            "tenon adapter to-lora runs/first/checkpoints/20 --model tiny --output lora --rank 16",
            "tenon adapter convert runs/first/checkpoints/20 --output half --dtype bf16")
    {
        _action = Add(new Argument<string>("ACTION") { Description = "inspect, merge, to-lora or convert" });
        _action.AcceptOnlyFromAmong("inspect", "merge", "to-lora", "convert");
        _folder = Add(new Argument<string>("DIR") { Description = "the adapter folder" });
        _model = Add(new Option<string?>("--model") { Description = "the base model (merge, to-lora)" });
        _output = Add(new Option<string?>("--output", "-o") { Description = "the new folder (merge, to-lora, convert)" });
        _rank =
            Add(new Option<int?>("--rank")
            {
                Description =
            "most rank of the plain LoRA; without it only an exact one is written (to-lora)"
            });
        _dtype = Add(new Option<string>("--dtype") { Description = "f32, bf16 or f16 (merge, convert)", DefaultValueFactory = _ => "f32" });
        _dtype.AcceptOnlyFromAmong("f32", "bf16", "f16");
        _json = Add(new Option<bool>("--json") { Description = "one JSON line (inspect)" });
        _text = new TextOptions(this, template: false);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        var path = call.GetValue(_folder)!;
        var what = call.GetValue(_action)!;
        if (what != "merge" && _text.Pre(call) is not null)
            throw new TenonException("--tokenizer-pre", "tenon adapter merge, which writes a tokenizer", $"tenon adapter {what}",
                "leave it out", usage: true);
        if (what == "inspect") return Inspect(path, call.GetValue(_json), terminal);
        var target = call.GetValue(_output) ?? throw new TenonException($"tenon adapter {what}", "--output DIR", "none", usage: true);
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new TenonException($"output '{target}'", "a folder that is new or empty", "one with files in it", usage: true);
        if (what == "convert") AtomicFile.WriteFolder(target, target + ".tmp", made => AdapterConversion.Rewrite(path, made, Type(call)));
        else
        {
            var name = call.GetValue(_model) ?? throw new TenonException($"tenon adapter {what}", "--model MODEL", "none", usage: true);
            if (what == "merge") MergedModel.Write(name, path, target, Type(call), terminal.Note, _text.Pre(call));
            else ToLora(name, path, target, call.GetValue(_rank), terminal);
        }

        terminal.Out.WriteLine(target);
        return 0;
    }

    private SafetensorsType Type(ParseResult call) =>
        call.GetValue(_dtype) switch { "bf16" => SafetensorsType.BF16, "f16" => SafetensorsType.F16, _ => SafetensorsType.F32 };

    private static void ToLora(string name, string path, string target, int? rank, Terminal terminal)
    {
        var loaded = LanguageModel.OpenWeights(name, Tenon.Tensors.Precision.F32, 1);
        using var set = AdapterOpener.Open(loaded.Model, path, terminal);
        AtomicFile.WriteFolder(target, target + ".tmp", made => terminal.Error.WriteLine(Told(LoraConversion.Save(set, made, name, rank))));
    }

    private static string Told(LoraFit fit) => fit.Worst is not { } worst ? $"rank {fit.Rank}, exact"
        : string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"rank {fit.Rank}, not exact: {100 * fit.Share:0.##} % of the update's squared norm is kept ({100 * worst.Share:0.##} % in "
        + $"{worst.Path}, the least of the {fit.Truncated.Count} layers that lose some)");

    private static int Inspect(string path, bool asJson, Terminal terminal)
    {
        AdapterCheck.RequireFolder(path);
        var config = PeftConfig.Fields(path);
        using var tensors = SafetensorsFile.Open(Path.Combine(path, PeftFolder.TensorFile));
        var fault = AdapterCheck.FaultOf(tensors);
        var vllm = fault ?? PeftFolder.VllmObstacle(path);
        var facts = new JsonObject
        {
            ["method"] = PeftFolder.MethodOf(path) ?? config["peft_type"]?.ToString().ToLowerInvariant(),
            ["peft_type"] = config["peft_type"]?.DeepClone(),
            ["base"] = config["base_model_name_or_path"]?.DeepClone(),
            ["targets"] = config["target_modules"]?.DeepClone(),
            ["rank"] = config["r"]?.DeepClone(),
            ["alpha"] = config["lora_alpha"]?.DeepClone(),
            ["count"] = tensors.Tensors.Values.Sum(t => t.Shape.Aggregate(1L, (a, b) => a * b)),
            ["dtype"] = string.Join(", ", tensors.Tensors.Values.Select(t => t.Type.ToString()).Distinct()),
            ["vllm"] = vllm is null,
            ["vllm_obstacle"] = vllm,
            ["fault"] = fault,
            ["tensors"] = new JsonObject(tensors.Tensors.OrderBy(t => t.Key, StringComparer.Ordinal)
            .Select(t => KeyValuePair.Create(t.Key, (JsonNode?)JsonLines.Array(t.Value.Shape)))),
        };
        if (asJson) terminal.Out.WriteLine(facts.ToJsonString());
        else
            foreach (var (key, value) in facts)
                if (key == "tensors")
                    foreach (var (tensor, shape) in value!.AsObject()) terminal.Out.WriteLine($"  {tensor} {shape!.ToJsonString()}");
                else if (key == "vllm")
                    terminal.Out.WriteLine(vllm is null ? "vllm      loads this folder as it is"
                        : $"vllm      does not compute this function: {vllm}; tenon adapter to-lora or merge writes what it does");
                else if (key != "vllm_obstacle" && value is not null)
                    terminal.Out.WriteLine($"{key,-9} {value.ToJsonString(ReadableJson.Line)}");
        return 0;
    }
}
