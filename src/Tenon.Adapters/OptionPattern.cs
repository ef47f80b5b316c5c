using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;

namespace Tenon.Adapters;

/// <summary>Patterns of numbers in an option: a JSON object, matched as C3A, FourierFT and WaveFT do, <c>.*\.KEY$</c>.</summary>
internal static class OptionPattern
{
    public static Dictionary<string, double> Of(AdapterSettings settings, string option)
    {
        try
        {
            return PeftNumbers.Pattern(JsonNode.Parse(settings.Text(option) ?? "{}"));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException or FormatException)
        {
            throw new TenonException($"adapter.{option} of method '{settings.Method}'", "a JSON object of numbers", settings.Text(option)!, usage: true);
        }
    }

    public static Func<string, double?> Find(Dictionary<string, double> pattern)
    {
        var compiled = pattern.Select(p => (Regex: new PythonRegex($@".*\.{p.Key}$", "pattern"), p.Value)).ToList();
        return path =>
        {
            foreach (var (regex, value) in compiled)
                if (regex.Match(path)) return value;
            return pattern.TryGetValue(path, out var exact) ? exact : null;
        };
    }
}
