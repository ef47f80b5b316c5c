using System.Text.Json.Nodes;
using Tenon.Adapters.Peft;
using Tenon.Models.Config;

namespace Tenon.Adapters.Methods;

/// <summary>
/// Trainable tokens (PEFT's <c>TRAINABLE_TOKENS</c>): the embedding rows of chosen tokens are trained, nothing else; a tied head follows.
/// </summary>
public sealed class TrainableTokens : AdapterMethod<TrainableTokensOptions>
{
    private const string Key = "trainable_tokens_delta";

    /// <inheritdoc/>
    public override string Name => "trainable-tokens";

    /// <inheritdoc/>
    public override string Summary => "the embedding rows of chosen tokens";

    /// <inheritdoc/>
    public override SharedKeys Uses => SharedKeys.None;

    /// <inheritdoc/>
    protected override void Build(AdapterSet set)
    {
        // Only a folder may name the head; beside a tied embedding it follows that.
        IReadOnlyList<string> named = set.Settings is { Start.Peft: not null, Targets: AdapterTargets.Names { Paths: var paths } } ? paths
            : [];
        var (embedding, head) = (set.Model.Embedding.Path, set.Model.Head.Path);
        var tokens = Tokens(set.Settings);
        var isTogether = named.Count == 0 || named.Contains(embedding);
        if (isTogether) TokenRows.AddTo(set, tokens, Key, headKey: Key);
        if (named.Contains(head) && !(isTogether && set.Model.IsTied)) TokenRows.AddToHead(set, tokens, Key);
    }

    /// <inheritdoc/>
    public override long? Count(ModelConfig config, AdapterSettings settings) => (long)Tokens(settings).Count * config.HiddenSize;

    /// <inheritdoc/>
    internal override PeftTraits Traits => new("TRAINABLE_TOKENS", """
            {"token_indices": [], "target_modules": null, "init_weights": true}
            """)
    {
        Carries = [ModuleKind.Embedding, ModuleKind.Head],
        CarriesWords = "the embedding or the head",
        DefaultTargets = _ => ["embed_tokens"],
    };

    /// <inheritdoc/>
    public override PeftConfig ToPeft(AdapterSet adapter, string baseModel)
    {
        var config = PeftConfig.Create("TRAINABLE_TOKENS", baseModel);
        config["token_indices"] = new JsonArray([.. Tokens(adapter.Settings).Select(t => (JsonNode)t)]);
        config["target_modules"] = "model.embed_tokens";
        return config;
    }

    /// <inheritdoc/>
    public override AdapterSettings? FromPeft(PeftConfig config) => config.PeftType != "TRAINABLE_TOKENS" ? null
        : new AdapterSettings
        {
            Method = Name,
            Options = AdapterSettings.Texts(new Dictionary<string,
        string>
            { ["tokens"] = string.Join(',', config.Ints("token_indices") ?? []) })
        };

    private static IReadOnlyList<int> Tokens(AdapterSettings settings) =>
        OptionsIn(settings).Tokens is { Count: > 0 } ids ? ids
        : throw new TenonException("adapter.tokens", "at least one token id", "none", usage: true);
}

/// <summary>Options of trained token rows.</summary>
public sealed record TrainableTokensOptions : ISettings
{
    /// <summary>Ids of the tokens whose embedding rows are trained.</summary>
    public IReadOnlyList<int> Tokens { get; init; } = [];

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (Tokens.Count == 0) yield return new("tokens", "is empty", "at least one token id");
    }
}
