using System.Buffers;
using System.Text.RegularExpressions;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Extraction;

/// <summary>The value that a last sentence states where nothing announces one: "So he runs 9*60=540 meters."</summary>
internal static partial class AnswerExtractor
{
    private const int LongestUnit = 24;

    private static readonly SearchValues<char> Arrows = SearchValues.Create("⟹⇒→⟶");

    /// <summary>The value that the last sentence states, where it is whole and states one.</summary>
    private static Extracted Closing(string text, bool truncated)
    {
        var none = new Extracted("", "no-statement");
        if (truncated) return none;
        var tail = text.Length > LongestTail ? text[^LongestTail..] : text;
        tail = tail.TrimEnd().TrimEnd('*', '"', '”', '_').TrimEnd();
        var start = SentenceStart(tail, Math.Max(0, tail.Length - 1));
        var sentence = tail[start..].Trim();
        if (sentence.Length is 0 or > LongestSentence || AnswerWords.OnlyGives(sentence) || IsMarker(sentence, tail.AsSpan(0, start)))
            return none;
        if (!HasValue(sentence) && SetInWords(sentence) is null) return none;
        sentence = WithHalves(WithoutEither(WithoutParenthesis(sentence)));
        if (sentence.AsSpan().LastIndexOfAny(Arrows) is > 0 and var arrow && Clauses.IsNamed(sentence[(arrow + 1)..].Trim()))
            return new Extracted(sentence[(arrow + 1)..].Trim().TrimEnd('.'), "closing");
        var concludes = Holds(sentence, AnswerWords.Conclusion);
        if (sentence.AsSpan().Count('=') > 1 && Solved().Match(sentence) is { Success: true } solved)
            return new Extracted(solved.Groups[2].Value, "closing");
        var (said, doubts, steps) = (sentence, Holds(sentence, AnswerWords.Doubt), !concludes && AnswerWords.BeginsStep(sentence));
        if (Corrected(sentence) is { } corrected) sentence = corrected;
        else if (doubts && Clauses.Concluded(sentence) is { } concluded) (sentence, concludes) = (concluded, true);
        else if (steps && Clauses.Main(sentence) is { } main) sentence = main;
        if (!ReferenceEquals(said, sentence))
            (doubts, steps) = (Holds(sentence, AnswerWords.Doubt), !concludes && AnswerWords.BeginsStep(sentence));
        if (doubts || steps || sentence[^1] is '?' or ':' or ',' or ';' || IsCounterfactual(sentence)) return none;
        sentence = WithoutSynonym(sentence);
        if (OffersAlternatives(sentence))
        {
            if (sentence[^1] is '.' or '$' && SetInWords(sentence) is { } union) return new Extracted(union, "closing");
            return Roots().Match(sentence) is { Success: true } roots
                ? new Extracted($"{roots.Groups[2].Value} , {roots.Groups[3].Value}", "closing", Hedged: true) : none;
        }

        var whole = sentence[^1] is '.' or '!' or '$' or '。' || sentence.EndsWith("\\)", StringComparison.Ordinal)
            || sentence.EndsWith("\\]", StringComparison.Ordinal);
        if (!whole && !(concludes && EndsInUnspacedQuantity(sentence)) && !(SaysIs(sentence) && (EndsInValue(sentence)
            || (concludes || sentence.StartsWith("So ", StringComparison.Ordinal) || NamesResult(sentence)) && EndsInQuantity(sentence))))
            return none;
        // "60*2=$120 in 2 weeks": what comes out, not what stands last.
        if (!whole && !EndsInValue(sentence) && sentence.LastIndexOf('=') is > 0 and var result
            && LeadingNumber(sentence[(result + 1)..]) is { } quantity) return new Extracted(quantity, "closing");
        if (!concludes && IsReckoning(sentence)) return none;
        if (SetInWords(sentence) is { } words) return new Extracted(words, "closing");
        if (ClockWords.Closing(sentence) is { } clock) return clock;
        if (sentence.LastIndexOf(" is ", StringComparison.Ordinal) is > 0 and var verb && sentence.Length - verb < 70
            && Reading.Strip(sentence[(verb + 4)..]) is { Length: < 60 } value && WordAnswers.Find(value) is not null)
            return new Extracted(value, "closing");
        if (sentence.Contains(" : ", StringComparison.Ordinal) && SpacedRatio().Match(sentence) is { Success: true } spaced)
            return new Extracted(spaced.Groups[1].Value, "closing");
        if (sentence.Contains(" to ", StringComparison.Ordinal) && RatioInWords().Match(sentence) is { Success: true } ratio)
            return new Extracted($"{ratio.Groups[1].Value}:{ratio.Groups[2].Value}", "closing");
        if (Stated(sentence) is { } stated) return stated with { Rule = "closing" };
        if (StatedFormula(sentence) is { } plain) return plain;
        if (Formulas(sentence) is { Count: > 0 } formulas && LastFormula(sentence, formulas) is { } formula
            && LastNumber(sentence[formulas[^1].End..]) is null)
            return new Extracted(formula, "closing") { Behind = UnitBehind.Of(sentence.AsSpan(formulas[^1].End)) };
        if (sentence.Contains(" out of ", StringComparison.Ordinal) && OutOf().Match(sentence) is { Success: true } share)
            return new Extracted($"{share.Groups[1].Value}/{share.Groups[2].Value}", "closing");
        if (sentence.Contains(" in ", StringComparison.Ordinal) && OneIn().Match(sentence) is { Success: true } one)
            return new Extracted($"{one.Groups[1].Value}/{one.Groups[2].Value}", "closing");
        if (Group(sentence) is { } group) return new Extracted(group, "closing");
        if (IsDenied(sentence) || Continuation.GoesOn(sentence)) return none;
        if (IsForeign(sentence)) return Value(sentence) with { Rule = "closing", PointsGroup = !HasOtherScript(sentence) };
        if (LastNumber(sentence) is not { } number || IsBound(sentence, number)) return none;
        var at = sentence.LastIndexOf(number.TrimEnd('%', '\\'), StringComparison.Ordinal);
        if (sentence.AsSpan(Math.Max(0, at - LongestUnit), Math.Min(at, LongestUnit)).IndexOfAnyInRange('0', '9') >= 0
            && Compound().Match(sentence) is { Success: true } both
            && Units.TryConvert(both.Groups[2].Value, both.Groups[4].Value, out _, out _))
            return new Extracted($"{both.Groups[1].Value} \\text{{ {both.Groups[2].Value} and }} {both.Groups[3].Value} "
                + $"\\text{{ {both.Groups[4].Value}}}", "closing");
        if (sentence.Contains(" and ", StringComparison.Ordinal) && Cents().Match(sentence) is { Success: true } cents)
            return new Extracted($"\\${cents.Groups[1].Value}.{cents.Groups[2].Value.PadLeft(2, '0')}", "closing");
        var list = Enumerated(sentence, number);
        var behind = list == number ? BehindNumber(sentence, number, last: true) : null;
        return !concludes && CountsItsMeans(behind) ? none
            : new Extracted(list, "closing")
            {
                PointsGroup = list.AsSpan().IndexOfAny('.', ' ') > 0 && SpeaksOther(sentence),
                Behind = behind,
            };
    }

    // "x is either less than 1 or greater than 4": of a set it is no hesitation.
    private static string WithoutEither(string sentence)
    {
        const string either = " either ";
        var at = sentence.IndexOf(either, StringComparison.Ordinal);
        if (at < 0) return sentence;
        var plain = sentence.Remove(at, either.Length - 1);
        return plain.Contains(" or ", StringComparison.Ordinal) && SetInWords(plain) is not null ? plain : sentence;
    }

    private static readonly string[] Synonyms =
    [
        "in interval notation", "equivalently", "simply ", "about ", "approximately ", "roughly ", "in other words", "in set notation",
        "written as", "in decimal", "as a decimal", "as a fraction", "in simplest form",
    ];

    // "-2 < x < 5, or in interval notation, (-2, 5)": the same said otherwise.
    private static string WithoutSynonym(string sentence)
    {
        const string or = " or ";
        for (var at = sentence.IndexOf(or, StringComparison.Ordinal); at > 0; at = sentence.IndexOf(or, at + 1, StringComparison.Ordinal))
            foreach (var word in Synonyms)
                if (sentence.AsSpan(at + 4).StartsWith(word, StringComparison.Ordinal) && HasValue(sentence.AsSpan(0, at)))
                    return sentence[..at].TrimEnd(',', ' ', '(') + ".";
        return sentence;
    }

    private static readonly SearchValues<char> ClauseEnds = SearchValues.Create(",;，；、");

    // "El total no es 80.", "Площадь не равна 80.": the clause that holds the last number denies it.
    private static bool IsDenied(string sentence)
    {
        var digit = sentence.AsSpan().LastIndexOfAnyInRange('0', '9');
        if (digit < 0) return false;
        var clause = sentence.AsSpan(0, digit);
        clause = clause[(clause.LastIndexOfAny(ClauseEnds) + 1)..];
        return Holds(clause, AnswerWords.Negation) && !Holds(clause, AnswerWords.Instead) || IsNegatedBehind(sentence.AsSpan(digit));
    }

    private static string? BehindNumber(string sentence, string number, bool last)
    {
        var at = last ? sentence.LastIndexOf(number, StringComparison.Ordinal) : sentence.IndexOf(number, StringComparison.Ordinal);
        if (at < 0) return null;
        var behind = UnitBehind.Of(sentence.AsSpan(at + number.Length));
        // "$25": the sign before it is its unit, where it opens no formula.
        var before = sentence.AsSpan(0, at).TrimEnd(' ');
        if (before is not [.., '$' or '€' or '£' or '¥' or '₹' or '₩' or '₽']
            || sentence.AsSpan(at + number.Length) is ['$', ..]) return behind;
        var unit = Units.OfCurrency(before[^1..].ToString());
        return behind is null ? unit : UnitBehind.IsPower(behind) ? behind : unit + " " + behind;
    }

    // "It would be $54 if there were no discount."
    private static bool IsCounterfactual(string sentence)
    {
        if (IndexOfWord(sentence, "would") < 0 || sentence.LastIndexOf(" if ", StringComparison.OrdinalIgnoreCase) is not (> 0 and var at))
            return false;
        foreach (var verb in (ReadOnlySpan<string>)[" were ", " weren't ", " had ", " hadn't ", " had not "])
            if (sentence.IndexOf(verb, at, StringComparison.OrdinalIgnoreCase) > 0) return true;
        return false;
    }

    // "three equations with 3 unknowns": what the reckoning has, and not what it comes to.
    private static bool CountsItsMeans(string? behind) => behind is not null
        && (behind.IndexOf(' ', StringComparison.Ordinal) is > 0 and var end ? behind[..end]
        : behind) is "unknowns" or "unknown" or "equations" or "variables" or "constraints" or "subcases" or "inequalities";

    // "x = 8 (we reject x = -2)": words in brackets behind the value say something of it.
    private static string WithoutParenthesis(string sentence)
    {
        var s = sentence.AsSpan().TrimEnd(" .!");
        if (s.Length < 8 || s[^1] != ')') return sentence;
        var (depth, open) = (0, -1);
        for (var i = s.Length - 1; i >= 0 && open < 0; i--)
        {
            if (s[i] == ')') depth++;
            else if (s[i] == '(' && --depth == 0) open = i;
        }

        if (open < 2 || s[open - 1] != ' ' || !HasValue(s[..open]) || s[open..].ContainsAny('$', '\\')) return sentence;
        var words = 0;
        foreach (var range in s[(open + 1)..^1].Split(' '))
            if (s[(open + 1)..^1][range] is { Length: > 2 } word && char.IsAsciiLetter(word[0]) && char.IsAsciiLetter(word[^1])) words++;
        return words > 1 && !Holds(s[open..], AnswerWords.Uncertainty) && !s[open..].Contains(" or ", StringComparison.OrdinalIgnoreCase)
            && !Holds(s[open..], AnswerWords.Retraction) ? s[..open].TrimEnd().ToString() + "." : sentence;
    }

    // "Then 2x + 3 = 27, 2x = 24, x = 12.": a chain of equations that ends in its unknown.
    [GeneratedRegex(@"\A(?:Then|So|Thus|Hence|Now)?,?[^.,;a-zA-Z=]*([a-z])[^.,;a-zA-Z=]*=[^.,;a-zA-Z=]*,"
        + @"(?:[^.,;a-zA-Z=]*\1[^.,;a-zA-Z=]*=[^.,;a-zA-Z=]*,){0,8}\s?(?:so )?\$?\1\s?=\s?(-?\d+(?:[./]\d+)?)\$?\.?\z")]
    private static partial Regex Solved();

    private static readonly string[] FormulaLeads =
        [" is ", " equation ", " expression ", " formula ", " given by ", " equals ", " becomes ", " simplifies to ", " form ",
            " we have ", " we get ",
            " we obtain ", " gives "];

    private static readonly SearchValues<string> AnyFormulaLead = SearchValues.Create(FormulaLeads, StringComparison.Ordinal);

    // "780 x 3": the letter is a sign.
    [GeneratedRegex(@"[\d%] ?[xX] ?\d")]
    private static partial Regex Times();

    // "The line is x + 2y = 8.", "The expression is x + 1.": a formula in plain letters behind the last "is".
    private static Extracted? StatedFormula(string sentence)
    {
        var from = 0;
        if (sentence.AsSpan().IndexOfAny("+-*/=^") < 0 || !sentence.AsSpan().ContainsAny(AnyFormulaLead)) return null;
        foreach (var lead in FormulaLeads)
            if (sentence.LastIndexOf(lead, StringComparison.Ordinal) is > 0 and var at) from = Math.Max(from, at + lead.Length);
        var said = from == 0 ? "" : Reading.Strip(sentence[from..]);
        if (said.Length is < 3 or > 100 || Times().IsMatch(said) || said.AsSpan().IndexOfAny("+-*/=^") < 0
            || said.AsSpan().IndexOfAny("$\\\n") >= 0) return null;
        var letter = false;
        for (var i = 0; i < said.Length; i++)
        {
            if (!char.IsLetter(said[i])) continue;
            if (!char.IsAsciiLetter(said[i])
                || i + 2 < said.Length && char.IsLetter(said[i + 1]) && char.IsLetter(said[i + 2])) return null;
            letter |= said[i] is >= 'x' and <= 'z' or 'n' or 't' or 'k' or 'a' or 'b' or 'c';
        }

        return letter && IsAnswer(said, out var reading) && reading?.Expr is { }
            ? new Extracted(said, "closing") { Reading = reading } : null;
    }

    // "More than 1000": a bound is no value.
    private static bool IsBound(string sentence, string number)
    {
        var before = sentence.AsSpan(0, Math.Max(0, sentence.LastIndexOf(number.TrimEnd('%', '\\'),
            StringComparison.Ordinal))).TrimEnd(" $");
        foreach (var word in (ReadOnlySpan<string>)["more than", "less than", "fewer than", "greater than", "larger than", "smaller than",
            "nearly", "almost", "up to", "below", "above", "anywhere from", "such as", "for example", "for instance", "e.g.", "say,"])
            if (before.EndsWith(word, StringComparison.OrdinalIgnoreCase)) return true;
        // "It's not 9.", and nothing else that it would be
        if ((before.EndsWith(" not") || before.EndsWith("n't")) && !before.ContainsAnyInRange('0', '9')) return true;
        // "so 2x = 30" at the end: what a multiple of the unknown is.
        if (char.IsAsciiDigit(sentence[^1]) && before is [.., '='] && before[..^1].TrimEnd() is [.., var factor, >= 'n' and <= 'z']
            && char.IsAsciiDigit(factor)) return true;
        // "is $5 x 8", "1.5 hours * 60"
        var apart = sentence.AsSpan(before.Length).IndexOfAny(' ', '$') == 0;
        if (apart && (before is [.., ' ', '*'] || before is [.., 'x' or 'X']
            && before[..^1].TrimEnd() is [.., >= '0' and <= '9'])) return true;
        // "is 7 years - 3": what is taken away at the end of a text that breaks off
        if (apart && before is [.., ' ', '-' or '−'] && before[Math.Max(0, before.Length - LongestUnit)..].ContainsAnyInRange('0', '9'))
            return true;
        // "y = (8 - 2x)/2": a number that is worked with, and no result.
        if (before is [.., '/' or '+' or '^' or '×' or '÷' or '·']
            || before is [.., '-' or '−' or '*'] && before[..^1].TrimEnd() is [.., var operand] && (char.IsAsciiDigit(operand)
            || operand == ')'))
            return true;
        // "between 40 and 45", "480 to 500": the end of a range.
        if (before.EndsWith(" and") && before[..^4].TrimEnd(" $\\") is [.., var end] && char.IsAsciiDigit(end)
            && before[Math.Max(0, before.Length - 30)..].Contains("between ", StringComparison.OrdinalIgnoreCase)) return true;
        return before.EndsWith(" to") && before[..^3].TrimEnd() is [.., var digit] && char.IsAsciiDigit(digit);
    }

    // "9, 27, and 81", "x = 1 and x = 2": the numbers that only separators join to the last one are one list with it.
    private static string Enumerated(string sentence, string last)
    {
        var at = sentence.LastIndexOf(last.TrimEnd('%', '\\'), StringComparison.Ordinal);
        var list = last;
        var name = Named(sentence.AsSpan(0, Math.Max(0, at)));
        string? named = null;
        if (name is { } first) at = first.At;
        for (var i = 0; i < 32 && at > 0; i++)
        {
            var before = sentence.AsSpan(0, at).TrimEnd(" $");
            var joined = false;
            foreach (var word in (ReadOnlySpan<string>)[", and", " and", ",", ", or", "&"])
            {
                if (joined || !before.EndsWith(word, StringComparison.OrdinalIgnoreCase)) continue;
                before = before[..^word.Length].TrimEnd(" $");
                joined = true;
            }

            if (!joined || before.Length == 0 || !char.IsAsciiDigit(before[^1]) || LastNumber(before.ToString()) is not { } number) break;
            at = before.Length - number.Length;
            if (name is { } wanted)
            {
                if (Named(sentence.AsSpan(0, at)) is not { } other) break;
                at = other.At;
                if (other.Name != wanted.Name || named is not null)
                    named = $"{other.Name} = {number} , {named ?? $"{wanted.Name} = {last}"}";
            }

            list = number + " , " + list;
        }

        return named ?? list;
    }

    // Where the "x =" begins that a text ends in, and its name; null where there is none.
    private static (int At, char Name)? Named(ReadOnlySpan<char> before)
    {
        var s = before.TrimEnd(" $");
        if (s.Length < 2 || s[^1] != '=') return null;
        s = s[..^1].TrimEnd(' ');
        return s.Length > 0 && char.IsAsciiLetter(s[^1]) && (s.Length == 1 || !char.IsLetterOrDigit(s[^2]))
            ? (s.Length - 1, s[^1]) : null;
    }

    private static readonly string[] GoingOn =
    [
        "and", "or", "so", "but", "then", "now", "which", "that", "to", "we", "plus", "minus", "times", "for", "because", "if", "when",
        "by",
        "is", "are", "has", "from", "over", "out", "divided", "multiplied", "more", "less", "the", "a", "in", "on", "at", "with",
    ];

    // "she will have 4 * 5 = 20": words, a reckoning, what comes out.
    internal static bool WorksOut(string clause) => clause.LastIndexOf('=') is > 4 and var equals
        && Operation().IsMatch(clause.AsSpan(0, equals)) && Words(clause[..equals], out var prose) + (prose ? 1 : 0) > 0;

    [GeneratedRegex(@"\d ?[-+*/x×÷–−] ?\$?\d[\d.,]* ?\z")]
    private static partial Regex Operation();

    // "**Speed** = 150/3 = **50 km/h**", "Total: 18 + 24 = 42 pages": a name, its reckoning and what comes out.
    private static bool NamesResult(string sentence)
    {
        var first = sentence.AsSpan().IndexOfAny("=:");
        if (first < 2) return false;
        // "He has $56 - $42 = $14 left"
        if (sentence[first] == '=' && char.IsAsciiLetterUpper(sentence[0]) && WorksOut(sentence)) return true;
        if (sentence.AsSpan(first + 1).IndexOf('=') < 0) return false;
        var name = sentence.AsSpan(0, first).Trim(" *_-•");
        return name.Length > 2 && name.IndexOfAnyInRange('0', '9') < 0 && !AnswerWords.BeginsStep(name)
            && char.IsAsciiLetter(name[0]) && char.IsAsciiLetter(name[1]) && name.IndexOfAny("+-/$\\") < 0;
    }

    // What no sentence ends in.
    private static readonly string[] Dangling =
    [
        "of", "than", "every", "per", "as", "into", "until", "while", "after", "before", "during", "about", "their", "his", "her",
        "its", "this", "these", "will", "can", "would", "she", "he", "they", "it", "an", "any", "all", "given", "since", "not",
    ];

    // "540 meters", "3 bolts of fabric": a number and what it counts, in at most three words that do not reckon on.
    private static bool EndsInQuantity(string sentence)
    {
        var digit = sentence.AsSpan().LastIndexOfAnyInRange('0', '9');
        if (digit < 0 || digit + 2 >= sentence.Length || sentence[digit + 1] != ' ') return false;
        var words = sentence[(digit + 2)..].Split(' ');
        return words.Length <= 3 && Array.IndexOf(Dangling, words[^1].ToLowerInvariant()) < 0 && Array.TrueForAll(words, w => w.Length > 0
            && (w.All(char.IsLetter) || Units.IsWord(w.TrimEnd('*')))
            && !GoingOn.Contains(w.ToLowerInvariant()));
    }

    private static readonly SearchValues<string> Nots = SearchValues.Create(["n't ", "not "], StringComparison.OrdinalIgnoreCase);

    // "The answer isn't 12 but 13", "It is not 12; it is 13": what it is, as a sentence of its own.
    private static string? Corrected(string sentence)
    {
        if (sentence.AsSpan().IndexOfAny(Nots) < 0) return null;
        sentence = " " + sentence;
        foreach (var not in (ReadOnlySpan<string>)["n't ", " not "])
        {
            var at = sentence.IndexOf(not, StringComparison.OrdinalIgnoreCase);
            if (at < 0) continue;
            foreach (var turn in (ReadOnlySpan<string>)[" but rather ", " but ", "; it's ", "; it is ", ", it's ", ", it is "])
            {
                var place = sentence.IndexOf(turn, at, StringComparison.OrdinalIgnoreCase);
                if (place < 0 || !HasValue(sentence.AsSpan(at, place - at))) continue;
                var rest = sentence[(place + turn.Length)..];
                return HasValue(rest) ? "It is " + rest : null;
            }
        }

        return null;
    }
}
