using Tenon.Checkpoints;

namespace Tenon.Models.Config;

/// <summary>
/// Which layers attend through a sliding window, as transformers' configurations decide it: <c>layer_types</c>, or for Qwen the layers from
/// <c>max_window_layers</c> on where <c>use_sliding_window</c> is set.
/// </summary>
internal static class HuggingFaceWindow
{
    // Defaults of transformers' Qwen2Config and Qwen3Config.
    private const int DefaultWindow = 4096, DefaultFirst = 28;
    private const string Full = "full_attention", Sliding = "sliding_attention";

    /// <summary>The window and the layers that have it; null and none where every layer attends to all.</summary>
    public static (int? Window, IReadOnlyList<int> Layers) Read(JsonFields c, string type, int count)
    {
        var types = c.Items("layer_types").ToList();
        if (types.FirstOrDefault(t => t.ToString() is not (Full or Sliding))
            is { ValueKind: not System.Text.Json.JsonValueKind.Undefined } other)
            throw HuggingFaceConfig.Unsupported(c, "layer_types", $"{Full} or {Sliding} in every layer", other.ToString());
        if (types.Count > 0 && types.Count != count) throw c.Wrong("layer_types", $"one for each of {count} layers", $"{types.Count}");
        var uses = c.Bool("use_sliding_window") ?? false;
        var given = c.Int("sliding_window");
        var first = c.Int("max_window_layers") ?? DefaultFirst;
        int[] layers = types.Count > 0 ? [.. Enumerable.Range(0, count).Where(i => types[i].ToString() == Sliding)]
            : uses && type != "llama" && (given is not null || !c.Element.TryGetProperty("sliding_window", out _))
            ? [.. Enumerable.Range(0, count).Where(i => i >= first)] : [];
        if (layers.Length == 0) return (null, []);
        var window = given ?? DefaultWindow;
        return window > 0 ? (window, layers) : throw c.Wrong("sliding_window", "a positive number", $"{window}");
    }
}
