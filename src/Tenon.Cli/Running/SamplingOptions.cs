using System.CommandLine;
using Tenon.Models.Config;
using Tenon.Models.Generation;

namespace Tenon.Cli.Running;

/// <summary>Sampling options of generate and chat; what is not given comes from the model's generation_config.json.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<double?> temperature = new("--temperature") { Description = "0 is greedy" };
    private readonly Option<int?> topK = new("--top-k") { Description = "keep the k best tokens; 0 is off" };
    private readonly Option<double?> topP = new("--top-p") { Description = "keep the best tokens whose mass reaches p; 1 is off" };
    private readonly Option<double?> minP = new("--min-p") { Description = "keep tokens of this share of the best one's probability; 0 is off" };
    private readonly Option<double?> penalty = new("--repetition-penalty") { Description = "above 1 makes tokens seen before rarer; 1 is off" };
    private readonly Option<int> maxNewTokens = new("--max-new-tokens") { Description = "longest answer in tokens", DefaultValueFactory = _ => 512 };
    private readonly Option<bool> ignoreEos = new("--ignore-eos") { Description = "sample on after an end token, up to the limit" };

    /// <summary>Adds the options to a verb.</summary>
    public SamplingOptions(Command verb)
    {
        foreach (var option in new Option[] { temperature, topK, topP, minP, penalty, maxNewTokens, ignoreEos }) verb.Options.Add(option);
    }

    /// <summary>The limit.</summary>
    public int MaxNewTokens(ParseResult call) => call.GetValue(maxNewTokens) is var n and > 0 ? n : throw new TenonException("--max-new-tokens", "1 or more", $"{call.GetValue(maxNewTokens)}", usage: true);

    /// <summary>True where end tokens are ignored.</summary>
    public bool IgnoreEos(ParseResult call) => call.GetValue(ignoreEos);

    /// <summary>The settings, checked.</summary>
    public SamplingSettings Settings(ParseResult call, GenerationDefaults defaults)
    {
        var settings = new SamplingSettings
        {
            Temperature = call.GetValue(temperature) ?? (defaults.DoSample == false ? 0 : defaults.Temperature ?? 1),
            TopK = call.GetValue(topK) ?? defaults.TopK ?? 0,
            TopP = call.GetValue(topP) ?? defaults.TopP ?? 1,
            MinP = call.GetValue(minP) ?? defaults.MinP ?? 0,
            RepetitionPenalty = call.GetValue(penalty) ?? defaults.RepetitionPenalty ?? 1,
        };
        var faults = settings.Validate().ToList();
        if (faults.Count > 0) throw new TenonException("sampling options", got: string.Join("; ", faults), usage: true);
        return settings;
    }
}
