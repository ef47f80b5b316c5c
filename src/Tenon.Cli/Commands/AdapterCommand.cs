using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Cli.Running;
using Tenon.Models.Tokenizers;
using Tenon.Models.Weights;

namespace Tenon.Cli.Commands;

/// <summary>Looks into an adapter folder, or merges it into its model.</summary>
internal sealed class AdapterCommand : Verb
{
    private readonly Argument<string> action;
    private readonly Argument<string> folder;
    private readonly Option<string?> model;
    private readonly Option<string?> output;
    private readonly Option<string> dtype;
    private readonly Option<bool> json;

    public AdapterCommand()
        : base("adapter", "inspect: method, base, targets, counts, tensors of an adapter folder; merge: write the merged model", "tenon adapter inspect runs/first/checkpoints/20", "tenon adapter merge runs/first/checkpoints/20 --model tiny --output merged")
    {
        action = Add(new Argument<string>("ACTION") { Description = "inspect or merge" });
        action.AcceptOnlyFromAmong("inspect", "merge");
        folder = Add(new Argument<string>("DIR") { Description = "the adapter folder" });
        model = Add(new Option<string?>("--model") { Description = "the base model (merge)" });
        output = Add(new Option<string?>("--output", "-o") { Description = "the new model folder (merge)" });
        dtype = Add(new Option<string>("--dtype") { Description = "f32 or bf16 (merge)", DefaultValueFactory = _ => "f32" });
        dtype.AcceptOnlyFromAmong("f32", "bf16");
        json = Add(new Option<bool>("--json") { Description = "one JSON line (inspect)" });
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        var path = call.GetValue(folder)!;
        if (call.GetValue(action) == "merge")
        {
            var name = call.GetValue(model) ?? throw new TenonException("tenon adapter merge", "--model MODEL", "none", usage: true);
            var target = call.GetValue(output) ?? throw new TenonException("tenon adapter merge", "--output DIR", "none", usage: true);
            ModelExport.Merged(name, path, target, call.GetValue(dtype) == "bf16" ? SafetensorsType.BF16 : SafetensorsType.F32, TokenizerSource.Open(name));
            terminal.Out.WriteLine(target);
            return 0;
        }

        var configFile = Path.Combine(path, PeftFolder.ConfigFile);
        if (!File.Exists(configFile)) throw new TenonException($"adapter '{path}'", $"a folder with {PeftFolder.ConfigFile}", Directory.Exists(path) ? "none in it" : "nothing there", usage: true);
        var config = JsonNode.Parse(File.ReadAllText(configFile))!.AsObject();
        using var tensors = SafetensorsFile.Open(Path.Combine(path, PeftFolder.TensorFile));
        var facts = new JsonObject
        {
            ["method"] = ((string?)config["peft_type"])?.ToLowerInvariant(),
            ["base"] = config["base_model_name_or_path"]?.DeepClone(),
            ["targets"] = config["target_modules"]?.DeepClone(),
            ["rank"] = config["r"]?.DeepClone(),
            ["alpha"] = config["lora_alpha"]?.DeepClone(),
            ["count"] = tensors.Tensors.Values.Sum(t => t.Shape.Aggregate(1L, (a, b) => a * b)),
            ["dtype"] = string.Join(", ", tensors.Tensors.Values.Select(t => t.Type.ToString()).Distinct()),
            ["tensors"] = new JsonObject(tensors.Tensors.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => KeyValuePair.Create(t.Key, (JsonNode?)JsonLines.Array(t.Value.Shape)))),
        };
        if (call.GetValue(json)) terminal.Out.WriteLine(facts.ToJsonString());
        else
            foreach (var (key, value) in facts)
                if (key == "tensors")
                    foreach (var (tensor, shape) in value!.AsObject()) terminal.Out.WriteLine($"  {tensor} {shape!.ToJsonString()}");
                else terminal.Out.WriteLine($"{key,-8} {value?.ToJsonString()}");
        return 0;
    }
}
