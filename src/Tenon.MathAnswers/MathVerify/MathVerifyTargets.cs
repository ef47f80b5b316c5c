using Tenon.MathAnswers.Extraction;

namespace Tenon.MathAnswers.MathVerify;

/// <summary>One place where Math-Verify sees an answer: LaTeX parts or a plain number or sum.</summary>
internal readonly record struct TargetMatch(int Priority, int Start, int End, bool IsLatex, string[] Parts, bool Percent);

/// <summary>
/// Where Math-Verify looks for an answer, with its priorities: "final answer is ... I hope" 0, boxes and "final answer ... is" 50,
/// "answer:" 100,
/// "answer" 200, anything 300. Within one priority the match that ends last comes first.
/// </summary>
internal static class MathVerifyTargets
{
    private const int MaxScan = 40_000;

    private readonly record struct Env(int Start, int End, string Content, bool Percent);

    public static List<TargetMatch> Find(string text)
    {
        if (text.Length > MaxScan) text = text[^MaxScan..];
        var all = new List<TargetMatch>();
        var environments = Environments(text);
        var plain = Plain(text);
        var groups = Groups(text, environments);
        Anchored(text, "final answer", 100, environments, plain, all);
        Answer(text, environments, plain, all);
        var p = 0;
        while (p < groups.Count)
        {
            var (first, last) = groups[p++];
            if (!Enumerable.Range(first, last - first + 1).Any(i => environments[i].Content.Contains("\\boxed", StringComparison.Ordinal)))
                continue;
            var kept = Enumerable.Range(first, last - first + 1)
                .Where(i => environments[i].Content.Contains("\\boxed", StringComparison.Ordinal)).ToArray();
            all.Add(
                new TargetMatch(50, environments[kept[0]].Start, environments[kept[^1]].End, true,
                [.. kept.Select(i => BoxesAll(environments[i].Content))], environments[kept[^1]].Percent));
        }
        var box = text.IndexOf("\\boxed{", StringComparison.Ordinal);
        var brace = text.LastIndexOf('}');
        if (box >= 0 && brace > box && BoxesLast(text[box..(brace + 1)]) is { } bare)
            all.Add(new TargetMatch(50, box, brace + 1, true, [bare], false));
        foreach (var (first, last) in groups) all.Add(Latex(300, environments, first, last));
        all.AddRange(plain);
        all.Sort((a, b) => a.Priority != b.Priority ? a.Priority.CompareTo(b.Priority) : a.End != b.End ? b.End.CompareTo(a.End)
            : a.Start.CompareTo(b.Start));
        return all;
    }

    private static TargetMatch Latex(int priority, List<Env> environments, int first, int last) =>
        new(priority, environments[first].Start, environments[last].End, true,
        [.. Enumerable.Range(first, last - first + 1).Select(i => BoxesAll(environments[i].Content))], environments[last].Percent);

    private static void Anchored(string text, string anchor, int gap, List<Env> environments, List<TargetMatch> plain,
        List<TargetMatch> all)
    {
        for (var at = text.IndexOf(anchor, StringComparison.OrdinalIgnoreCase); at >= 0; at =
            text.IndexOf(anchor, at + anchor.Length, StringComparison.OrdinalIgnoreCase))
        {
            var limit = Math.Min(text.Length, at + anchor.Length + gap);
            var verb = text.IndexOf("is", at + anchor.Length, limit - at - anchor.Length, StringComparison.OrdinalIgnoreCase);
            if (verb < 0) continue;
            Behind(text, verb + 2, 50, 3, environments, plain, all, requireDirect: true);
        }
    }

    private static void Answer(string text, List<Env> environments, List<TargetMatch> plain, List<TargetMatch> all)
    {
        for (var at = text.IndexOf("answer", StringComparison.OrdinalIgnoreCase); at >= 0; at =
            text.IndexOf("answer", at + 6, StringComparison.OrdinalIgnoreCase))
        {
            var colon = at + 6 < text.Length && text[at + 6] == ':';
            Behind(text, at + 6 + (colon ? 1 : 0), colon ? 100 : 200, 50, environments, plain, all, requireDirect: false);
        }
    }

    private static void Behind(string text, int from, int priority, int gap, List<Env> environments, List<TargetMatch> plain,
        List<TargetMatch> all, bool requireDirect)
    {
        var start = from;
        while (requireDirect && start < text.Length && text[start] is ' ' or ':') start++;
        var limit = requireDirect ? start + 1 : start + gap;
        var e = environments.FindIndex(x => x.Start >= start && x.Start <= limit);
        if (e >= 0)
        {
            var last = e;
            while (last + 1 < environments.Count && last - e < 5 && IsJoiner(text, environments[last].End, environments[last + 1].Start))
                last++;
            var match = Latex(priority, environments, e, last);
            all.Add(match with { Priority = Hopes(text, match.End) && priority == 50 ? 0 : priority });
        }
        foreach (var m in plain)
            if (m.Start >= from && m.Start <= limit
                && !text.AsSpan(from, m.Start - from)
                .Contains('\n'))
            {
                all.Add(m with { Priority = Hopes(text, m.End) && priority == 50 ? 0 : priority });
                if (!m.IsLatex && requireDirect) break; if (m.Start > from) break;
            }
    }

    private static bool Hopes(string text, int end) => text.AsSpan(end).TrimStart(". ").StartsWith("I hope");

    private static List<(int First, int Last)> Groups(string text, List<Env> environments)
    {
        var groups = new List<(int, int)>();
        for (var i = 0; i < environments.Count; i++)
        {
            var last = i;
            while (last + 1 < environments.Count && last - i < 5 && IsJoiner(text, environments[last].End, environments[last + 1].Start))
                last++;
            groups.Add((i, last));
            i = last;
        }
        return groups;
    }

    private static bool IsJoiner(string text, int from, int to) =>
        to > from && to - from < 40 && text.AsSpan(from, to - from).Trim(" \n\t") is "and" or "or" or ",and" or ",or" or ",";

    private static List<Env> Environments(string text)
    {
        var found = new List<Env>();
        var (dollars, squares, rounds) = (true, true, true);
        for (var i = 0; i < text.Length;)
        {
            var (open, close, multiline) = (0, "", false);
            if (text[i] == '$' && i + 1 < text.Length && text[i + 1] == '$') (open, close, multiline) = (2, "$$", true);
            else if (text[i] == '$' && (i == 0 || !(text[i - 1] == '\\' || char.IsAsciiDigit(text[i - 1]))) && dollars)
                (open, close) = (1, "$");
            else if (text.AsSpan(i).StartsWith("\\[") && squares) (open, close, multiline) = (2, "\\]", true);
            else if (text.AsSpan(i).StartsWith("\\(") && rounds) (open, close) = (2, "\\)");
            else if (text[i] == '[' && (i == 0 || char.IsWhiteSpace(text[i - 1]))) (open, close) = (1, "]");
            else if (text.AsSpan(i).StartsWith("\\frac{") && PlainFraction(text, i) is > 0 and var after)
            {
                var minus = i > 0 && text[i - 1] == '-';
                found.Add(new Env(minus ? i - 1 : i, after, text[(minus ? i - 1 : i)..after], false));
                i = after;
                continue;
            }
            if (open == 0) { i++; continue; }
            var end = i + open;
            while (end < text.Length && !text.AsSpan(end).StartsWith(close) && (multiline || text[end] != '\n')
                && !(close == "]" && text[end] == '['))
                end += text[end] == '\\' && close is "$" or "$$" && end + 1 < text.Length ? 2 : 1;
            if (end >= text.Length && close == "$") dollars = false;
            if (end >= text.Length && close == "\\]") squares = false;
            if (end >= text.Length && close == "\\)") rounds = false;
            if (end >= text.Length || !text.AsSpan(end).StartsWith(close) || end == i + open
                || (close == "]" && end + 1 < text.Length && !char.IsWhiteSpace(text[end + 1])))
            {
                i += open;
                continue;
            }
            var stop = end + close.Length;
            var percent = Percent(text, ref stop);
            found.Add(new Env(i, stop, text[(i + open)..end], percent));
            i = stop;
        }
        return found;
    }

    private static int PlainFraction(string text, int at)
    {
        var q = at + 5;
        for (var k = 0; k < 2; k++)
        {
            if (q >= text.Length || text[q] != '{') return 0;
            var start = ++q;
            while (q < text.Length && (char.IsAsciiDigit(text[q]) || text[q] == '.' || (q == start && text[q] == '-'))) q++;
            if (q == start || q >= text.Length || text[q] != '}') return 0;
            q++;
        }
        return q;
    }

    private static bool Percent(string text, ref int end)
    {
        var q = end;
        while (q < text.Length && text[q] == ' ') q++;
        foreach (var mark in (ReadOnlySpan<string>)["\\%", "%", "percentage", "percent", "pct"])
            if (text.AsSpan(q).StartsWith(mark, StringComparison.OrdinalIgnoreCase))
            {
                end = q + mark.Length;
                return true;
            }
        return false;
    }

    /// <summary>Plain numbers and sums, anywhere.</summary>
    private static List<TargetMatch> Plain(string text)
    {
        var found = new List<TargetMatch>();
        var (freeExpr, freeNumber) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (!(i == 0 || char.IsWhiteSpace(text[i - 1]) || text[i - 1] == '=')) continue;
            var q = i;
            if (text.AsSpan(q).StartsWith("**")) q += 2;
            if (q < text.Length && text[q] is '$' or '€' or '£' or '¥' or '₹') q++;
            if (q >= text.Length) break;
            if (i >= freeExpr && Sum(text, q) is > 0 and var endSum)
            {
                found.Add(new TargetMatch(300, i, endSum, false, [text[q..endSum]], false));
                freeExpr = endSum;
            }
            if (i >= freeNumber && Number(text, q) is > 0 and var endNumber)
            {
                var stop = endNumber;
                var percent = Percent(text, ref stop);
                found.Add(new TargetMatch(300, i, stop, false, [text[q..endNumber]], percent));
                freeNumber = stop;
            }
        }
        return found;
    }

    private static int Number(string text, int q)
    {
        var p = q;
        if (p < text.Length && text[p] == '-' && p + 1 < text.Length && char.IsAsciiDigit(text[p + 1])) p++;
        var start = p;
        while (p < text.Length && char.IsAsciiDigit(text[p])) p++;
        if (p == start) return p + 1 < text.Length && text[p] == '.' && char.IsAsciiDigit(text[p + 1]) && p == q ? Digits(text, p + 1) : 0;
        if (p - start <= 3 && text[start] != '0')
        {
            var g = p;
            while (g + 3 < text.Length && text[g] is ',' or ' ' && Digits(text, g + 1) == g + 4) g += 4;
            if (g > p) return g + 1 < text.Length && text[g] == '.' && char.IsAsciiDigit(text[g + 1]) ? Digits(text, g + 1) : g;
        }
        return p + 1 < text.Length && text[p] is '.' or ',' && char.IsAsciiDigit(text[p + 1]) ? Digits(text, p + 1) : p;
    }

    private static int Digits(string text, int q)
    {
        while (q < text.Length && char.IsAsciiDigit(text[q])) q++;
        return q;
    }

    private static int Sum(string text, int q)
    {
        var p = q;
        if (p < text.Length && text[p] == '-') p++;
        if (p < text.Length && text[p] == '(') p++;
        if (p < text.Length && text[p] == '-') p++;
        if (p >= text.Length || !char.IsAsciiDigit(text[p])) return 0;
        var operators = 0;
        var best = 0;
        while (p < text.Length
            && (char.IsAsciiDigit(text[p]) || text[p] is '.' or ' ' or '+' or '-' or '*' or '×' or '/' or '÷' or '^' or '(' or ')'))
        {
            var isOperator = text[p] is '+' or '-' or '*' or '×' or '/' or '÷' or '^' or '(' or ')';
            if (isOperator) operators++;
            p++;
            if (operators > (isOperator ? 1 : 0) && text[p - 1] != ' '
                && (p == text.Length || text[p] is '.' or ',' or ':' or ' ' or ')' or '$' or '\n' || text.AsSpan(p).StartsWith("**")))
                best = p;
        }
        return best;
    }

    /// <summary>Every box of a formula, joined; the formula itself where it has none.</summary>
    private static string BoxesAll(string content)
    {
        if (!content.Contains("box", StringComparison.Ordinal)) return content;
        var boxes = Boxes.Find(content, out _);
        return boxes.Count == 0 ? content : string.Join(",", boxes.Select(b => Inner(b.Content)));
    }

    /// <summary>The last box, and the ones before it while little stands between.</summary>
    private static string? BoxesLast(string text)
    {
        var boxes = Boxes.Find(text, out _);
        if (boxes.Count == 0) return null;
        var result = Inner(boxes[^1].Content);
        var last = result;
        for (var i = boxes.Count - 1; i > 0; i--)
        {
            var between = text.AsSpan(boxes[i - 1].End, boxes[i].Start - boxes[i - 1].End);
            var before = Inner(boxes[i - 1].Content);
            var joined = between.Length < 10
                || (between.Length < 70
                && (between.Contains("and", StringComparison.Ordinal) || between.Contains("or", StringComparison.Ordinal)
                || between.IndexOfAny(',', ';') >= 0) && before != last);
            if (!joined) break;
            result = before + "," + result;
            last = before;
        }
        return result;
    }

    private static string Inner(string content)
    {
        for (var i = 0; i < 8 && content.Contains("\\boxed", StringComparison.Ordinal); i++)
        {
            var inner = Boxes.Find(content, out _);
            if (inner.Count == 0) break;
            content = inner[^1].Content;
        }
        return content;
    }
}
