using System.Globalization;
using System.Text.Json;

namespace Tenon.Rewards.Outcome;

/// <summary>The choices of one question: letters from A (or the labels that the data gives) and, where known, their texts.</summary>
/// <param name="Letters">One upper-case letter or digit a choice.</param>
/// <param name="Texts">The texts in the same order; empty where the data has none.</param>
internal sealed record ChoiceList(IReadOnlyList<char> Letters, IReadOnlyList<string> Texts)
{
    /// <summary>As many as the alphabet has letters.</summary>
    public const int MostChoices = 26;

    /// <summary>The choices of a data line; null where its column cannot be read as choices.</summary>
    public static ChoiceList? Of(Problem problem, MultipleChoiceSettings settings)
    {
        if (problem.Fields is null || !problem.Fields.TryGetValue(settings.Column, out var column))
            return new(Alphabet(settings.Choices), []);
        if (column.ValueKind == JsonValueKind.Array) return Make(null, Strings(column));
        if (column.ValueKind != JsonValueKind.Object) return null;
        if (column.TryGetProperty("label", out var labels) && column.TryGetProperty("text", out var texts))
            return Make(Strings(labels), Strings(texts));
        var pairs = column.EnumerateObject().ToList();
        return Make([.. pairs.Select(p => p.Name)], [.. pairs.Select(p => Text(p.Value))]);
    }

    /// <summary>The place of a gold; null where it names no choice.</summary>
    public int? Gold(string answer, ChoiceGold form)
    {
        if (form == ChoiceGold.Letter) return Letter(answer) ?? ByText(answer);
        if (!int.TryParse(answer.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
        if (form == ChoiceGold.OneBased) number--;
        return number >= 0 && number < Letters.Count ? number : null;
    }

    /// <summary>The place of a letter, with or without brackets; null where the text is anything else.</summary>
    public int? Letter(string text)
    {
        text = text.Trim().Trim('(', ')', '[', ']', '.', ':').Trim();
        return text.Length == 1 ? Place(text[0]) : null;
    }

    /// <summary>The place of a letter of either case; null where no choice has it.</summary>
    public int? Place(char letter)
    {
        for (var i = 0; i < Letters.Count; i++)
            if (Letters[i] == char.ToUpperInvariant(letter)) return i;
        return null;
    }

    /// <summary>The one choice that has this text (case, spaces and a final stop apart); null where none or several have it.</summary>
    public int? ByText(string text)
    {
        var wanted = Normal(text);
        int? found = null;
        for (var i = 0; i < Texts.Count && wanted.Length > 0; i++)
        {
            if (Normal(Texts[i]) != wanted) continue;
            if (found is not null) return null;
            found = i;
        }

        return found;
    }

    private static ChoiceList? Make(IReadOnlyList<string?>? labels, IReadOnlyList<string?>? texts)
    {
        if (texts is null || texts.Count is < 2 or > MostChoices || texts.Contains(null)) return null;
        if (labels is null) return new(Alphabet(texts.Count), [.. texts.OfType<string>()]);
        var letters = labels.Select(l => l?.Trim()).Where(l => l is { Length: 1 } && char.IsAsciiLetterOrDigit(l[0]))
            .Select(l => char.ToUpperInvariant(l![0])).Distinct().ToList();
        return letters.Count == texts.Count ? new(letters, [.. texts.OfType<string>()]) : null;
    }

    private static List<string?>? Strings(JsonElement list) =>
        list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(Text)] : null;

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };

    private static char[] Alphabet(int count) => [.. Enumerable.Range(0, count).Select(i => (char)('A' + i))];

    private static string Normal(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.').ToLowerInvariant();
}
