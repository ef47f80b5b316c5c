using System.CommandLine;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Cli.Display;
using Tenon.Models.Config;
using Tenon.Models.Weights;

namespace Tenon.Cli.Commands;

/// <summary>Every adapter method; with a model its trainable parameters and memory.</summary>
internal sealed class MethodsCommand : Verb
{
    private readonly Argument<string?> _single;
    private readonly Option<string?> _model;
    private readonly Option<int> _rank;
    private readonly Option<string> _targets;
    private readonly Option<string[]> _overrides;
    private readonly Option<bool> _json;

    public MethodsCommand()
        : base("methods", "lists the adapter methods", "tenon methods", "tenon methods vera", "tenon methods --model tiny --rank 32 --json")
    {
        _single =
            Add(new Argument<string?>("METHOD")
            {
                Description = "one method: its options with defaults, ranges and PEFT's names",
                Arity = ArgumentArity.ZeroOrOne
            });
        _model = Add(new Option<string?>("--model") { Description = "a model, or a bare config.json: adds exact trainable counts" });
        _rank = Add(new Option<int>("--rank") { Description = "rank", DefaultValueFactory = _ => 16 });
        _targets =
            Add(new Option<string>("--targets")
            {
                Description = "all-linear, or names of layers separated by commas",
                DefaultValueFactory = _ => "all-linear"
            });
        _overrides = Add(new Option<string[]>("--set") { Description = "a method's option: METHOD.KEY=VALUE, or KEY=VALUE for all" });
        _json = Add(new Option<bool>("--json") { Description = "one JSON line: an array" });
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        if (call.GetValue(_rank) < 1) throw new TenonException("--rank", "1 or more", $"{call.GetValue(_rank)}", usage: true);
        if (call.GetValue(_single) is { } word)
        {
            var named = AdapterMethod.Of(AdapterAliases.MethodOf(word));
            if (call.GetValue(_json)) terminal.Out.WriteLine(Json(named).ToJsonString());
            else Describe(named, terminal);
            if (call.GetValue(_model) is null) return 0;
        }

        var config = call.GetValue(_model) is { } name ? ConfigOf(name) : null;
        var rows = new JsonArray();
        foreach (var method in AdapterMethod.All.Values)
        {
            var row = new JsonObject { ["method"] = method.Name };
            if (config is not null) Count(row, method, config, Settings(call, method.Name));
            rows.Add(row);
            if (!call.GetValue(_json))
                terminal.Out.WriteLine(config is null ? $"{method.Name,-14} {method.Summary}"
                    : $"{method.Name,-14} {row["trainable"]?.ToString() ?? "-",14} "
                    + $"{(row["reason"] is { } why ? why.ToString() : $"{(double)(long)row["bytes"]! / 1e6:F1} MB")}");
        }

        if (call.GetValue(_json)) terminal.Out.WriteLine(rows.ToJsonString());
        return 0;
    }

    /// <summary>All that a recipe can say of one method.</summary>
    private static void Describe(AdapterMethod method, Terminal terminal)
    {
        terminal.Out.WriteLine($"{method.Name}: {method.Summary}");
        if (Spellings(method) is { Count: > 0 } spellings) terminal.Out.WriteLine($"  also written {string.Join(", ", spellings)}");
        var shared = Enum.GetValues<SharedKeys>().Where(key => key != SharedKeys.None && method.Uses.HasFlag(key))
            .Select(key => SettingNames.Word(key)).ToList();
        terminal.Out.WriteLine(
            $"  shared keys with an effect: {(shared.Count == 0 ? "" : string.Join(", ", shared) + ", ")}targets, exclude, layers, "
            + $"bias, modules-to-save, trainable-tokens, seed");
        terminal.Out.WriteLine(
            $"  init: "
            + $"{(method.Inits.Count == 0 ? "the method's own start only" : "null (the method's own), " + string.Join(", ", method.Inits))}");
        var options = MethodOption.Of(method, Sentences.OfAdapters());
        if (options.Count == 0) terminal.Out.WriteLine("  no options of its own");
        foreach (var option in options)
        {
            terminal.Out.WriteLine(
                $"  {option.Key}: {option.Default}   [{option.Range}]{(option.Peft is { } field ? $"   PEFT: {field}" : "")}");
            terminal.Out.WriteLine($"      {option.Sentence}");
        }
    }

    private static JsonObject Json(AdapterMethod method) => new()
    {
        ["method"] = method.Name,
        ["summary"] = method.Summary,
        ["aliases"] = new JsonArray([.. Spellings(method).Select(word => (JsonNode)word)]),
        ["inits"] = new JsonArray([.. method.Inits.Select(init => (JsonNode)init)]),
        ["options"] = new JsonArray([.. MethodOption.Of(method, Sentences.OfAdapters()).Select(option => (JsonNode)new JsonObject
        {
            ["key"] = option.Key, ["default"] = option.Default, ["range"] = option.Range, ["summary"] = option.Sentence,
            ["peft"] = option.Peft,
        })]),
    };

    private static List<string> Spellings(AdapterMethod method) =>
        [.. AdapterAliases.Methods.Where(alias => alias.Value == method.Name).Select(alias => alias.Key)];

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
        var settings = new AdapterSettings { Method = method, Rank = call.GetValue(_rank), Targets = call.GetValue(_targets)! };
        var options = new Dictionary<string, string>();
        foreach (var item in call.GetValue(_overrides) ?? [])
        {
            var (key, value) = item.Split('=', 2) is [var k, var v] ? (k, v)
                : throw new TenonException("--set", "KEY=VALUE", item, usage: true);
            if (key.Split('.', 2) is [var owner, var inner])
            {
                if (owner != method) continue;
                key = inner;
            }

            if (key is "r" or "rank")
                settings =
                    settings
                    with
                    {
                        Rank = int.TryParse(value, out var r) && r > 0 ? r
                    : throw new TenonException($"--set {item}", "a rank of 1 or more", value, usage: true)
                    };
            else options[key] = value;
        }

        return settings with { Options = AdapterSettings.Texts(options) };
    }

    private static ModelConfig ConfigOf(string name)
    {
        if (File.Exists(name) && name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) return HuggingFaceConfig.Read(name);
        using var source = ModelSource.Open(name);
        return source.Config;
    }
}
