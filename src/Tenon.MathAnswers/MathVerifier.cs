using Tenon.MathAnswers.Comparison;
using Tenon.MathAnswers.Extraction;
using Tenon.MathAnswers.MathVerify;
using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers;

/// <summary>
/// Judges a model's answer against a gold answer in three steps: extract, read as an exact expression, compare. Immutable and thread-safe;
/// never
/// throws for any text, and costs a bounded number of steps, so that no input can hang a worker.
/// </summary>
public sealed class MathVerifier
{
    internal const int Steps = 40_000;

    private readonly RuleProfile _profile;

    /// <summary>A verifier with the given rules (<see cref="RuleProfile.Tenon"/> where null).</summary>
    public MathVerifier(RuleProfile? profile = null) => _profile = profile ?? RuleProfile.Tenon;

    /// <summary>
    /// The verdict on one answer. <paramref name="gold"/> may be a raw answer, one between dollars, or a solution that ends in one;
    /// <paramref name="answer"/> a whole completion.
    /// </summary>
    public MathVerdict Verify(string gold, string answer, VerifyOptions? options = null)
    {
        options ??= VerifyOptions.Default;
        var profile = options.Profile ?? _profile;
        if (string.IsNullOrWhiteSpace(gold) && !options.OtherGolds.Any(g => !string.IsNullOrWhiteSpace(g)))
            return new MathVerdict(null, "empty-gold", profile.Id, "empty-gold");
        if (options.OtherGolds.Count == 0) return One(gold, answer, options, profile);
        MathVerdict? first = null;
        foreach (var g in options.OtherGolds.Prepend(gold))
        {
            if (string.IsNullOrWhiteSpace(g)) continue;
            var verdict = One(g, answer, options, profile);
            if (verdict.Correct == true) return verdict;
            first ??= verdict;
        }
        return first!;
    }

    private static MathVerdict One(string gold, string answer, VerifyOptions options, RuleProfile profile)
    {
        if (profile == RuleProfile.MathVerify) return AsMathVerify(gold, answer, options);
        gold = GoldParts.Text(gold);
        Extracted extracted = default;
        var reason = "budget";
        var correct = false;
        Reading? g = null;
        Reading? a = null;
        var budget = new WorkBudget(Steps);
        try
        {
            (gold, answer) = (OtherScripts.Normalise(gold), Farewells.Without(HtmlMarkup.Plain(OtherScripts.Normalise(answer))));
            extracted = AnswerExtractor.Answer(answer, new ExtractionRules
            {
                OpenedBlock = options.OpenedBlock,
                BoxedOnly = profile == RuleProfile.Boxed,
                AnchoredOnly = options.RequireValue,
                Lenient = profile == RuleProfile.Lenient,
                Truncated = options.Truncated,
            });
            if (extracted.Found || profile != RuleProfile.Boxed) g = Reading.Of(AnswerExtractor.Gold(gold).Text);
            if (g is not null && !options.RequireValue && profile != RuleProfile.Boxed && ChoiceLetters.IsLetter(g.Text) is { } wanted
                && extracted.Rule is not ("unclosed-think" or "unclosed-box" or "unclosed-answer" or "taken-back" or "question")
                && !ChoiceLetters.IsChoice(extracted.Text)
                && ChoiceLetters.Announced(ThinkBlocks.After(answer, options.OpenedBlock) ?? "") is { } chosen)
                return new MathVerdict(chosen == wanted, chosen == wanted ? "choice-letter"
                    : "choice-different", profile.Id)
                { Extracted = chosen.ToString(), ExtractionRule = "choice" };
            if (!extracted.Found)
            {
                // A gold that is a sentence meets itself, whatever it states.
                var same = profile != RuleProfile.Boxed && !options.RequireValue && gold.Length > 0 && gold == answer;
                if (!same && extracted.Rule == "no-statement" && SaysWords(gold, answer, options))
                    return new MathVerdict(true, "words", profile.Id) { Extracted = gold, ExtractionRule = "closing" };
                return new MathVerdict(same, same ? "same-text" : extracted.Rule, profile.Id);
            }
            g ??= Reading.Of(AnswerExtractor.Gold(gold).Text);
            // The commonest answer is the gold as it stands: it is read once.
            a = extracted.Reading ?? (extracted.Text == g.Text ? g : Reading.Of(extracted.Text));
            if (extracted.Text.Length > WorkBudget.MaxExpressionChars)
                return new MathVerdict(false, "budget", profile.Id) { ExtractionRule = extracted.Rule };
            if (options.RequireValue && !PlainValue.Is(a.Text)) reason = "not-a-value";
            else if ((extracted.Hedged || IsHedged(a)) && !IsList(g)
                && !new Comparer(budget, null).AllSame(a.Expr)) reason = "alternatives";
            else
            {
                var comparer = new Comparer(budget, options.Tolerance);
                correct = comparer.Same(g, a, options.Unit);
                reason = comparer.Rule;
                if (!correct && profile != RuleProfile.Boxed && !options.RequireValue && gold.Length == answer.Length && gold == answer)
                    (correct, reason) = (true, "same-text");
                if (!correct && !options.RequireValue && profile != RuleProfile.Boxed
                    && extracted.Rule is "whole" or "closing" or "answer-is" && ChoiceLetters.AreLetters(g.Text) is { } all
                    && ChoiceLetters.AnnouncedAll(ThinkBlocks.After(answer, options.OpenedBlock) ?? "") == all)
                    (correct, reason) = (true, "choice-letters");
                if (extracted.Behind is { } behind && !options.RequireValue && a.Unit is null
                    && a.Expr is { IsScalar: true } or { Kind: ExprKind.Ratio })
                    (correct, reason) = WithBehind(comparer, g, Figures(extracted.Text, a.Expr), behind, options, (correct, reason));
                if (!correct && extracted.Together is { } parts && !options.RequireValue
                    && (IsList(g) || g.Expr is { Kind: ExprKind.Tuple })
                    && comparer.Same(g, Reading.Of(parts), options.Unit)) (correct, reason) = (true, comparer.Rule);
                // "The answer is 540!" may be glad of 540.
                if (!correct && extracted is { Rule: "answer-is" or "final-answer" or "whole", Text: [.., var figure, '!'] loud }
                    && char.IsAsciiDigit(figure) && !options.RequireValue)
                    correct = comparer.Same(g, Reading.Of(loud[..^1]), options.Unit);
                if (!correct && extracted.PointsGroup && TextForm.Ungrouped(extracted.Text) is { } grouped)
                    correct = comparer.Same(g, Reading.Of(grouped), options.Unit);
                if (!correct && !options.RequireValue && Dates.Of(g.Text) is { } day && Dates.Of(a.Text) is { } other)
                    (correct, reason) = (Dates.Same(day, other), "date");
                if (!correct && extracted.Rule is "whole" or "closing" && SaysWords(gold, answer, options)) (correct, reason) =
                    (true, "words");
            }
        }
        catch (BudgetExceededException)
        {
            (correct, reason) = (false, "budget");
        }
        catch (Exception e) when (e is ArithmeticException or FormatException or ArgumentException or IndexOutOfRangeException
        or InvalidOperationException)
        {
            // A fault of the reader itself must not end a training run; tests hold that this reason never occurs.
            (correct, reason) = (false, "internal");
        }
        return new MathVerdict(correct, reason, profile.Id)
        {
            Extracted = extracted.Text,
            ExtractionRule = extracted.Rule,
            GoldReading = g,
            AnswerReading = a,
            Steps = Steps - budget.Left,
        };
    }

    /// <summary>
    /// Math-Verify's verdict: its extraction on both sides (a raw gold is wrapped in dollars where it holds no formula of its own), its
    /// comparison. Math-Verify itself knows no think blocks; where the caller says that the prompt opened one, what stands inside is no
    /// answer here either.
    /// </summary>
    private static MathVerdict AsMathVerify(string gold, string answer, VerifyOptions options)
    {
        var id = RuleProfile.MathVerify.Id;
        MathVerifyReading? g = null;
        MathVerifyReading? a = null;
        if (options.OpenedBlock is { } opened)
        {
            if (ThinkBlocks.After(answer, opened) is not { } visible) return new MathVerdict(false, "unclosed-think", id);
            answer = visible;
        }

        try
        {
            g = MathVerifyReading.Of(gold);
            a = MathVerifyReading.Of(answer);
            if (a.Value is null && a.Text is null) return new MathVerdict(false, "no-answer", id);
            var decimals = options.Tolerance is { } t and > 0 ? Math.Clamp((int)Math.Round(-ExactMath.Log10(t)), 0, 15) : 6;
            var judge = new MathVerifyJudge(new WorkBudget(Steps), decimals);
            var correct = judge.Same(g, a);
            return new MathVerdict(correct, judge.Rule, id)
            {
                Extracted = a.Text, ExtractionRule = "target", MathVerifyGold = g.Value,
                MathVerifyAnswer = a.Value
            };
        }
        catch (BudgetExceededException)
        {
            return new MathVerdict(false, "budget", id) { Extracted = a?.Text, ExtractionRule = "target" };
        }
        catch (Exception e) when (e is ArithmeticException or FormatException or ArgumentException or IndexOutOfRangeException
        or InvalidOperationException)
        {
            return new MathVerdict(false, "internal", id) { Extracted = a?.Text };
        }
    }

    // The unit or power of ten behind a number: a unit that is not the gold's makes another answer, or the same after conversion.
    private static (bool Correct, string Reason) WithBehind(Comparer comparer, Reading gold, string value, string behind,
        VerifyOptions options, (bool Correct, string Reason) alone)
    {
        var asksUnit = gold.Unit is not null || options.Unit is not null || gold.Expr is { Kind: ExprKind.Degree };
        if (alone.Correct && !asksUnit) return alone;
        // 3:45 PM for a gold 15:45
        asksUnit |= gold.Expr is { Kind: ExprKind.Ratio } && Units.IsHalfOfDay(behind.Split(' ')[0]);
        var readings = UnitBehind.Readings(value, behind, out var bare);
        if (alone.Correct && bare || !bare && !asksUnit) return alone;
        foreach (var reading in readings)
            if (comparer.Same(gold, Reading.Of(reading), options.Unit)) return (true, comparer.Rule);
        return bare ? alone : (false, "unit-different");
    }

    // "half" as \frac{1}{2}, so that a unit may stand behind it.
    private static string Figures(string text, Expr value) =>
        value.IsNumber && char.IsAsciiLetter(text[0]) ? $"\\frac{{{value.Value.Num}}}{{{value.Value.Den}}}" : text;

    private static bool SaysWords(string gold, string answer, VerifyOptions options) =>
        !options.RequireValue && !options.Truncated
        && StatedWords.Say(AnswerExtractor.Gold(gold).Text, ThinkBlocks.After(answer, options.OpenedBlock) ?? "");

    private static bool IsHedged(Reading answer) => answer.Expr is { Kind: ExprKind.List, Name: "or" };

    /// <summary>A gold that is a list itself may be met by alternatives.</summary>
    private static bool IsList(Reading gold) =>
        gold.Expr is { } e
        && (e.Kind is ExprKind.List or ExprKind.Set or ExprKind.Relation or ExprKind.SetOp || Simplifier.HasPlusMinus(e));
}
