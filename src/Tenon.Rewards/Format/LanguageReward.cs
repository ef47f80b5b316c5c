using System.Text;
using System.Text.RegularExpressions;

namespace Tenon.Rewards.Format;

/// <summary>Settings of <see cref="LanguageReward"/>.</summary>
public sealed record LanguageSettings : ISettings
{
    /// <summary>
    /// The wanted scripts (<c>latin</c>, <c>han</c> ...) or languages by code (<c>en</c>, <c>ja</c> ...), which stand for their scripts.
    /// </summary>
    public IReadOnlyList<string> Language { get; init; } = ["en"];

    /// <summary>The part of the completion that is looked at.</summary>
    public LanguagePart Where { get; init; } = LanguagePart.All;

    /// <summary>Fewer words than this earn nothing, whatever their script.</summary>
    [Bounds(1, int.MaxValue)]
    public int MinWords { get; init; } = 1;

    /// <summary>The share from which on the reward is 1, and 0 below; null rewards the share itself.</summary>
    [Bounds(0, 1, Above = true)]
    public double? Threshold { get; init; }

    /// <inheritdoc/>
    public IEnumerable<SettingsFault> Rules()
    {
        if (Language.Count == 0) yield return new("language", "is empty", "a script or a language's code");
        foreach (var name in Language.Where(n => WritingSystem.Scripts(n) is null))
            yield return SettingsCheck.NoChoice("language", name, [.. WritingSystem.Names, .. WritingSystem.Codes]);
    }
}

/// <summary>The part of a completion whose language counts.</summary>
public enum LanguagePart
{
    /// <summary>All of it.</summary>
    All,

    /// <summary>What stands inside the think block.</summary>
    Thinking,

    /// <summary>What stands after the think block.</summary>
    Answer,
}

/// <summary>
/// The share of words in the wanted script (the language consistency reward of DeepSeek-R1, arXiv 2501.12948, by script). Formulas, code,
/// LaTeX
/// commands, tags and addresses are left out of the count; in scripts without spaces each letter is a word. It shapes, it judges no
/// outcome.
/// </summary>
public sealed class LanguageReward(LanguageSettings settings) : IReward
{
    // Code blocks, inline code, formulas, LaTeX commands, tags, addresses: no language.
    private static readonly Regex NoLanguage = new(
        @"```[^`]*(?:```|$)|`[^`\n]*`|\$\$[^$]*\$\$|\$[^$\n]*\$|\\\([^\n]*?\\\)|\\\[.*?\\\]|\\boxed\{[^{}]*\}|\\[A-Za-z]+|</?[A-Za-z][A-Za-z0-9_-]*>|https?://[^\s]+",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);

    private readonly HashSet<string> _wanted = [.. settings.Language.SelectMany(n => WritingSystem.Scripts(n)!)];

    /// <inheritdoc/>
    public string Name => "language";

    /// <inheritdoc/>
    public bool IsOutcome => false;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        if (Part(completion) is not { } text) return new Verdict(0, null, "unclosed-think");
        var (wanted, all) = Words(NoLanguage.Replace(text, " "));
        if (all < settings.MinWords) return new Verdict(0, null, "few-words");
        var share = (double)wanted / all;
        if (settings.Threshold is not { } threshold) return new Verdict(share, null, wanted == all ? "one-language" : "mixed-languages");
        return share >= threshold ? new Verdict(1, null, "one-language") : new Verdict(0, null, "mixed-languages");
    }

    private string? Part(in Completion completion)
    {
        var text = completion.Text;
        if (settings.Where == LanguagePart.All) return text;
        var answer = completion.AfterThinking();
        return settings.Where == LanguagePart.Answer || answer is null ? answer : text[..^answer.Length];
    }

    // A word is a run of letters of one script; a change of script inside a word begins another.
    private (int Wanted, int All) Words(string text)
    {
        var (wanted, all) = (0, 0);
        string? before = null;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!Rune.IsLetter(rune))
            {
                // Vowel signs and accents go on with the word that they stand in.
                if (Rune.GetUnicodeCategory(rune)
                    is not (System.Globalization.UnicodeCategory.NonSpacingMark
                    or System.Globalization.UnicodeCategory.SpacingCombiningMark)) before = null;
                continue;
            }

            var script = WritingSystem.Of(rune.Value);
            if (script == before && !WritingSystem.IsUnspaced(script)) continue;
            before = script;
            all++;
            if (_wanted.Contains(script)) wanted++;
        }

        return (wanted, all);
    }
}
