using System.Globalization;
using System.Text;

namespace Tenon.Text.Tokenizers.Unicode;

/// <summary>
/// Normalization Form C (Unicode Standard Annex 15): canonical decomposition, canonical order, canonical composition. The tables
/// are those of Unicode 9.0, on which the reference library is built; characters that came later pass unchanged, as they do there.
/// </summary>
internal sealed class Nfc
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TailCount = 28;
    private const int HangulCount = LeadCount * VowelCount * TailCount;

    private static readonly Lazy<Nfc> Shared = new(() => new Nfc());

    private readonly Dictionary<int, int> _classes = [];
    private readonly Dictionary<int, (int First, int Second)> _parts = [];
    private readonly Dictionary<(int First, int Second), int> _whole = [];

    // Characters that composition can change, or that it can join to the one before. A text without any is in form C already.
    private readonly HashSet<int> _active = [];

    private Nfc()
    {
        using var stream = typeof(Nfc).Assembly.GetManifestResourceStream("Tenon.Text.Tokenizers.Unicode.nfc-9.0.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            foreach (var entry in line.Split(';')) Read(entry.Split(' '));
        }
        for (var c = VowelBase; c < VowelBase + VowelCount; c++) _active.Add(c);
        for (var c = TailBase + 1; c < TailBase + TailCount; c++) _active.Add(c);
    }

    /// <summary>The text in form C; the same object where nothing changes.</summary>
    public static string Normalize(string text)
    {
        // No character below U+0300 changes or joins another.
        return text.AsSpan().IndexOfAnyExceptInRange('\0', '\u02FF') < 0 ? text : Shared.Value.NormalizeAny(text);
    }

    private void Read(string[] fields)
    {
        var points = fields[1..].Select(f => int.Parse(f, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
        if (fields[0] == "c")
        {
            var combiningClass = int.Parse(fields[3], CultureInfo.InvariantCulture);
            for (var c = points[0]; c <= points[1]; c++)
            {
                _classes.Add(c, combiningClass);
                _active.Add(c);
            }
            return;
        }
        var second = points.Length > 2 ? points[2] : -1;
        _parts.Add(points[0], (points[1], second));
        if (fields[0] == "x")
        {
            _active.Add(points[0]);
        }
        else
        {
            _whole.Add((points[1], second), points[0]);
            _active.Add(second);
        }
    }

    private string NormalizeAny(string text)
    {
        var isActive = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value < 0x300 || !_active.Contains(rune.Value)) continue;
            isActive = true;
            break;
        }
        if (!isActive) return text;

        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, points);
        Order(points);
        Compose(points);

        var result = new StringBuilder(text.Length);
        Span<char> units = stackalloc char[2];
        foreach (var c in points) result.Append(units[..new Rune(c).EncodeToUtf16(units)]);
        var normalized = result.ToString();
        return normalized == text ? text : normalized;
    }

    private void Decompose(int c, List<int> into)
    {
        var syllable = c - HangulBase;
        if (syllable is >= 0 and < HangulCount)
        {
            into.Add(LeadBase + syllable / (VowelCount * TailCount));
            into.Add(VowelBase + syllable % (VowelCount * TailCount) / TailCount);
            if (syllable % TailCount != 0) into.Add(TailBase + syllable % TailCount);
        }
        else if (_parts.TryGetValue(c, out var parts))
        {
            Decompose(parts.First, into);
            if (parts.Second >= 0) Decompose(parts.Second, into);
        }
        else
        {
            into.Add(c);
        }
    }

    // Sorts each run of combining marks by class; marks of one class keep their order.
    private void Order(List<int> points)
    {
        for (var start = 0; start < points.Count; start++)
        {
            if (Class(points[start]) == 0) continue;
            var end = start + 1;
            while (end < points.Count && Class(points[end]) != 0) end++;
            var sorted = points.GetRange(start, end - start).OrderBy(Class).ToArray();
            for (var i = start; i < end; i++) points[i] = sorted[i - start];
            start = end;
        }
    }

    // Joins every character to the last starter before it unless a character between them blocks it.
    private void Compose(List<int> points)
    {
        int starter = -1, kept = 0, lastClass = -1;
        foreach (var c in points.ToArray())
        {
            var combiningClass = Class(c);
            if (starter >= 0 && (lastClass < combiningClass || lastClass < 0) && Join(points[starter], c) is { } whole)
            {
                points[starter] = whole;
                continue;
            }
            if (combiningClass == 0) (starter, lastClass) = (kept, -1);
            else lastClass = combiningClass;
            points[kept++] = c;
        }
        points.RemoveRange(kept, points.Count - kept);
    }

    private int? Join(int first, int second)
    {
        if (first - LeadBase is >= 0 and < LeadCount && second - VowelBase is >= 0 and < VowelCount)
            return HangulBase + ((first - LeadBase) * VowelCount + (second - VowelBase)) * TailCount;
        if (first - HangulBase is >= 0 and < HangulCount && (first - HangulBase) % TailCount == 0
            && second - TailBase is > 0 and < TailCount)
            return first + second - TailBase;
        return _whole.TryGetValue((first, second), out var whole) ? whole : null;
    }

    private int Class(int c) => _classes.GetValueOrDefault(c);
}
