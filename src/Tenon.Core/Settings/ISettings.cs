using System.Text.Json;

namespace Tenon;

/// <summary>
/// A record of settings: one property a key, with a default and a sentence. Ranges of single values are <see cref="BoundsAttribute"/>s;
/// what several values
/// must agree on stands in <see cref="Rules"/>.
/// </summary>
public interface ISettings
{
    /// <summary>The faults between this record's own values, keys relative to the record.</summary>
    IEnumerable<SettingsFault> Rules() => [];

    /// <summary>False for a key that does nothing beside the others: it is refused where somebody sets it, and not written.</summary>
    /// <param name="key">The key as the recipe writes it.</param>
    bool Applies(string key) => true;
}

/// <summary>Settings that hold, beside their own keys, the options of what they name: a method's, a reward's, a task's.</summary>
public interface IHasOptions : ISettings
{
    /// <summary>The options as they were given; null where there are none.</summary>
    Dictionary<string, JsonElement>? Options { get; }

    /// <summary>What the options belong to, for messages: <c>method 'vera'</c>.</summary>
    string Owner { get; }

    /// <summary>The owner's options at their defaults; null where nobody has that name.</summary>
    ISettings? StandardOptions();
}

/// <summary>The options of something that has none.</summary>
public sealed record NoOptions : ISettings;

/// <summary>One fault of a record of settings.</summary>
/// <param name="Key">The key with its path, as the recipe writes it (<c>rollout.max-new-tokens</c>, <c>reward.0.weight</c>).</param>
/// <param name="What">What is wrong, beginning with the value or a verb.</param>
/// <param name="Expected">The range, the valid words, or what to write instead.</param>
public sealed record SettingsFault(string Key, string What, string? Expected = null)
{
    /// <summary>The fault without its key.</summary>
    public string Text => What + (Expected is null ? "" : $"; expected {Expected}");

    /// <inheritdoc/>
    public override string ToString() => $"{Key}: {Text}";
}
