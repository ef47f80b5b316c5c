using Tenon.Adapters;

namespace Tenon.Cli.Running;

/// <summary>PEFT's spellings of what are methods of their own here: <c>init: pissa</c>, <c>use-dora: true</c>, <c>use-rslora: true</c>, <c>layernorm</c>.</summary>
internal static class AdapterAliases
{
    private static readonly Dictionary<string, string> Names = new()
    {
        ["layernorm"] = "ln-tuning", ["ln_tuning"] = "ln-tuning", ["lora_plus"] = "lora+", ["loraplus"] = "lora+", ["lora-plus"] = "lora+", ["lorafa"] = "lora-fa", ["lora_fa"] = "lora-fa",
        ["milora_plus"] = "milora+", ["milora-plus"] = "milora+", ["rs-lora"] = "rslora", ["bone"] = "miss", ["loraxs"] = "lora-xs",
    };

    /// <summary>Starts that are methods.</summary>
    private static readonly string[] Starts = ["pissa", "olora", "mica", "eva", "orthogonal", "milora"];

    public static AdapterSettings Resolve(AdapterSettings settings)
    {
        var method = settings.Method.ToLowerInvariant();
        method = Names.GetValueOrDefault(method, method);
        var options = new Dictionary<string, string>(settings.Options);
        var init = settings.Init;
        if (method == "lora")
        {
            if (Take(options, "use-dora", "use_dora")) method = "dora";
            else if (Take(options, "use-rslora", "use_rslora", "rs-lora")) method = "rslora";
            if (init is not null && method == "lora" && Starts.FirstOrDefault(s => init == s || init.StartsWith(s + "_", StringComparison.Ordinal)) is { } start)
            {
                method = start;
                if (init.StartsWith("pissa_niter_", StringComparison.Ordinal)) options["niter"] = init["pissa_niter_".Length..];
                init = null;
            }
        }

        // PEFT's true is the default start; the text reaches here from YAML.
        if (init is "true" or "default") init = null;
        if (init == "false") init = "random";
        return settings with { Method = method, Options = options, Init = init, Bias = settings.Bias == "lora-only" ? "only" : settings.Bias };
    }

    private static bool Take(Dictionary<string, string> options, params string[] names)
    {
        var taken = false;
        foreach (var name in names)
            if (options.Remove(name, out var value)) taken |= value.Equals("true", StringComparison.OrdinalIgnoreCase);
        return taken;
    }
}
