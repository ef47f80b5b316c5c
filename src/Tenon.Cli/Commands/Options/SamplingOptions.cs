using System.CommandLine;
using Tenon.Models.Config;
using Tenon.Models.Generation;

namespace Tenon.Cli.Commands.Options;

/// <summary>Sampling options of generate and chat; what is not given comes from the model's generation_config.json.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<double?> _temperature = new("--temperature") { Description = "0 is greedy" };
    private readonly Option<int?> _topK = new("--top-k") { Description = "keep the k best tokens; 0 is off" };
    private readonly Option<double?> _topP = new("--top-p") { Description = "keep the best tokens whose mass reaches p; 1 is off" };
    private readonly Option<double?> _minP =
        new("--min-p") { Description = "keep tokens of this share of the best one's probability; 0 is off" };
    private readonly Option<double?> _penalty =
        new("--repetition-penalty") { Description = "above 1 makes tokens seen before rarer; 1 is off" };
    private readonly Option<int> _maxNewTokens =
        new("--max-new-tokens") { Description = "longest answer in tokens", DefaultValueFactory = _ => 512 };
    private readonly Option<bool> _ignoreEos = new("--ignore-eos") { Description = "sample on after an end token, up to the limit" };

    /// <summary>Adds the options to a verb.</summary>
    public SamplingOptions(Command verb)
    {
        foreach (var option in new Option[] { _temperature, _topK, _topP, _minP, _penalty, _maxNewTokens, _ignoreEos })
            verb.Options.Add(option);
    }

    /// <summary>The limit.</summary>
    public int MaxNewTokens(ParseResult call) =>
        call.GetValue(_maxNewTokens) is var n and > 0 ? n
        : throw new TenonException("--max-new-tokens", "1 or more", $"{call.GetValue(_maxNewTokens)}", usage: true);

    /// <summary>True where end tokens are ignored.</summary>
    public bool IgnoreEos(ParseResult call) => call.GetValue(_ignoreEos);

    /// <summary>The settings, checked.</summary>
    public SamplingSettings Settings(ParseResult call, GenerationDefaults defaults)
    {
        var settings = new SamplingSettings
        {
            Temperature = call.GetValue(_temperature) ?? (defaults.DoSample == false ? 0 : defaults.Temperature ?? 1),
            TopK = call.GetValue(_topK) ?? defaults.TopK ?? 0,
            TopP = call.GetValue(_topP) ?? defaults.TopP ?? 1,
            MinP = call.GetValue(_minP) ?? defaults.MinP ?? 0,
            RepetitionPenalty = call.GetValue(_penalty) ?? defaults.RepetitionPenalty ?? 1,
        };
        var faults = settings.Validate().ToList();
        if (faults.Count > 0) throw new TenonException("sampling options", got: string.Join("; ", faults), usage: true);
        return settings;
    }
}
