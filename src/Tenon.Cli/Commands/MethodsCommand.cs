using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Models.Config;
using Tenon.Models.Weights;

namespace Tenon.Cli.Commands;

/// <summary>Every adapter method; with a model its trainable parameters and memory.</summary>
internal sealed class MethodsCommand : Verb
{
    private readonly Option<string?> model;
    private readonly Option<int> rank;
    private readonly Option<string> targets;
    private readonly Option<string[]> overrides;
    private readonly Option<bool> json;

    public MethodsCommand()
        : base("methods", "lists the adapter methods", "tenon methods", "tenon methods --model MODEL --rank 32 --json")
    {
        model = Add(new Option<string?>("--model") { Description = "a model, or a bare config.json: adds exact trainable counts" });
        rank = Add(new Option<int>("--rank") { Description = "rank", DefaultValueFactory = _ => 16 });
        targets = Add(new Option<string>("--targets") { Description = "all-linear, or names of layers separated by commas", DefaultValueFactory = _ => "all-linear" });
        overrides = Add(new Option<string[]>("--set") { Description = "a method's option: METHOD.KEY=VALUE, or KEY=VALUE for all" });
        json = Add(new Option<bool>("--json") { Description = "one JSON line: an array" });
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        if (call.GetValue(rank) < 1) throw new TenonException("--rank", "1 or more", $"{call.GetValue(rank)}", usage: true);
        var config = call.GetValue(model) is { } name ? ConfigOf(name) : null;
        var rows = new JsonArray();
        foreach (var method in AdapterMethod.All.Values)
        {
            var row = new JsonObject { ["method"] = method.Name };
            if (config is not null) Count(row, method, config, Settings(call, method.Name));
            rows.Add(row);
            if (!call.GetValue(json))
                terminal.Out.WriteLine(config is null ? $"{method.Name,-14} {method.Summary}" : $"{method.Name,-14} {row["trainable"]?.ToString() ?? "-",14} {(row["reason"] is { } why ? why.ToString() : $"{(double)(long)row["bytes"]! / 1e6:F1} MB")}");
        }

        if (call.GetValue(json)) terminal.Out.WriteLine(rows.ToJsonString());
        return 0;
    }

    private static void Count(JsonObject row, AdapterMethod method, ModelConfig config, AdapterSettings settings)
    {
        try
        {
            var count = method.Count(config, settings);
            row["trainable"] = count;
            if (count is null) row["reason"] = "the method does not count without a loaded model";
            else row["bytes"] = count * sizeof(float);
        }
        catch (TenonException e)
        {
            row["trainable"] = null;
            row["reason"] = e.Message.Split('\n')[0];
        }
    }

    private AdapterSettings Settings(ParseResult call, string method)
    {
        var settings = new AdapterSettings { Method = method, Rank = call.GetValue(rank), Targets = call.GetValue(targets)! };
        var options = new Dictionary<string, string>();
        foreach (var item in call.GetValue(overrides) ?? [])
        {
            var (key, value) = item.Split('=', 2) is [var k, var v] ? (k, v) : throw new TenonException("--set", "KEY=VALUE", item, usage: true);
            if (key.Split('.', 2) is [var owner, var inner])
            {
                if (owner != method) continue;
                key = inner;
            }

            if (key is "r" or "rank") settings = settings with { Rank = int.TryParse(value, out var r) && r > 0 ? r : throw new TenonException($"--set {item}", "a rank of 1 or more", value, usage: true) };
            else options[key] = value;
        }

        return settings with { Options = options };
    }

    private static ModelConfig ConfigOf(string name)
    {
        if (File.Exists(name) && name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) return HuggingFaceConfig.Read(name);
        using var source = ModelSource.Open(name);
        return source.Config;
    }
}
