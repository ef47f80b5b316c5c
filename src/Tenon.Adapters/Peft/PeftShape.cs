namespace Tenon.Adapters.Peft;

/// <summary>
/// The PEFT type of a method that has one for itself, with the fields of the shared settings; null where the type has no such field.
/// </summary>
/// <param name="Type"><c>peft_type</c>.</param>
/// <param name="Rank">The field of the rank.</param>
/// <param name="Alpha">The field of alpha.</param>
/// <param name="Dropout">The field of the dropout.</param>
/// <param name="RankPattern">True where <c>rank_pattern</c> counts.</param>
/// <param name="AlphaPattern">True where <c>alpha_pattern</c> counts.</param>
internal sealed record PeftShape(
    string Type, string? Rank = null, string? Alpha = null, string? Dropout = null, bool RankPattern = false, bool AlphaPattern = false)
{
    /// <summary>Writes the shared settings.</summary>
    public void Write(PeftConfig config, AdapterSettings settings)
    {
        if (Rank is not null) config[Rank] = settings.CommonRank;
        if (Alpha is not null) config[Alpha] = PeftNumbers.Whole(settings.Alpha ?? 2 * settings.CommonRank);
        if (Dropout is not null) config[Dropout] = settings.Dropout;
        if (RankPattern) config["rank_pattern"] = PeftNumbers.Ranks(settings.RankPattern);
        if (AlphaPattern) config["alpha_pattern"] = PeftNumbers.Pattern(settings.AlphaPattern);
    }

    /// <summary>Reads them back.</summary>
    public AdapterSettings Read(PeftConfig config)
    {
        var settings = new AdapterSettings();
        if (Rank is not null) settings = settings with { Rank = config.Int(Rank) };
        if (Alpha is not null) settings = settings with { Alpha = config.Number(Alpha) };
        if (Dropout is not null) settings = settings with { Dropout = config.Number(Dropout) };
        if (RankPattern) settings = settings with { RankPattern = PeftNumbers.Ranks(config["rank_pattern"]) };
        if (AlphaPattern) settings = settings with { AlphaPattern = PeftNumbers.Pattern(config["alpha_pattern"]) };
        return settings;
    }
}
