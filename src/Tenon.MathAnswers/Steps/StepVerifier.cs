using Tenon.MathAnswers.Parsing;

namespace Tenon.MathAnswers.Steps;

/// <summary>
/// Checks the arithmetic and algebra of a worked solution statement by statement and names the first wrong one. What cannot be decided is
/// unchecked, never wrong: a right solution must not be blamed for its notation. Immutable and thread-safe; never throws for any text, and
/// costs a
/// bounded number of steps.
/// </summary>
public sealed class StepVerifier
{
    /// <summary>Name and version of the rules; changes with every change of a verdict.</summary>
    public const string Rules = "steps-3";

    private const int MaxChars = 200_000;
    private const int MaxSteps = 600;
    private const int StepsOfOne = 6_000;
    private const int StepsOfAll = 600_000;

    /// <summary>
    /// Every step of a completion with its verdict, and beside it the steps of its answer alone, where it thinks before it answers.
    /// </summary>
    /// <param name="completion">The text.</param>
    /// <param name="opened">The tag of the think block that the prompt left open (<see cref="ThinkBlocks.LeftOpen"/>), or null.</param>
    public StepReport Check(string completion, string? opened)
    {
        var report = Check(completion);
        var answer = ThinkBlocks.After(completion, opened);
        return answer is null ? report with { IsThinking = true }
            : answer.Length == completion.Length ? report : report with { Answer = Check(answer) };
    }

    /// <summary>Every step of a solution with its verdict.</summary>
    public StepReport Check(string solution)
    {
        var text = ThinkBlocks.Parted(solution.Length > MaxChars ? solution[..MaxChars] : solution);
        var steps = new List<Step>();
        var complete = solution.Length <= MaxChars;
        List<Statement> statements;
        try
        {
            statements = SolutionReader.Read(text, out var all);
            complete &= all;
        }
        catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException or InvalidOperationException)
        {
            // A fault of the reader itself must not end a training run; tests hold that this never occurs.
            return new StepReport([new Step(1, "", StepState.Unchecked, "internal")], true);
        }
        var known = new Dictionary<string, Expr>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var left = StepsOfAll;
        Statement? before = null;
        foreach (var s in statements)
        {
            if (steps.Count >= MaxSteps || left <= 0) return new StepReport(steps, true);
            for (var i = 0; i < s.Ops.Length && steps.Count < MaxSteps; i++)
            {
                var budget = new WorkBudget(StepsOfOne);
                var step = One(s, i, before, known, budget);
                left -= StepsOfOne - budget.Left + 40;
                // The same claim again earns nothing.
                if (step.State != StepState.Unchecked && !seen.Add(step.Left + " \0 " + step.Right))
                    step = step with { State = StepState.Unchecked, Reason = "repeated" };
                steps.Add(step);
                Learn(s, i, known);
            }
            // Behind "x + 3 = 6 or x + 3 = -6" nothing says which of the two goes on.
            before = s.Ops.Length == 1 && !(before is not null && Equations.Cases(before, s)) ? s : null;
        }
        return new StepReport(steps, !complete);
    }

    private static Step One(Statement s, int i, Statement? before, Dictionary<string, Expr> known, WorkBudget budget)
    {
        var (l, r) = (s.Sides[i], s.Sides[i + 1]);
        try
        {
            var (state, reason) = new LinkChecker(budget, known).Check(s, i);
            if (state == StepState.Unchecked && reason is "equation" or "definition" && s.Ops.Length == 1 && before is not null)
            {
                var equations = new Equations(budget);
                equations.Next(before, 0);
                if (equations.Next(s, 0) is { } verdict && verdict.State != StepState.Unchecked)
                    return new Step(s.Line, s.Text, verdict.State, verdict.Reason)
                    {
                        Left = equations.Sides.Left,
                        Right = equations.Sides.Right, LeftValue = equations.Sides.LeftValue, RightValue = equations.Sides.RightValue
                    };
            }
            var shown = state == StepState.Wrong || state == StepState.Right;
            return new Step(s.Line, s.Text, state, reason)
            {
                Left = l.Text,
                Right = r.Text,
                LeftValue = shown ? Quantities.Show(l.Expr, budget) : null,
                RightValue = shown ? Quantities.Show(r.Expr, budget) : null,
            };
        }
        catch (BudgetExceededException)
        {
            return new Step(s.Line, s.Text, StepState.Unchecked, "budget") { Left = l.Text, Right = r.Text };
        }
        catch (Exception e) when (e is ArithmeticException or FormatException or ArgumentException or IndexOutOfRangeException
        or InvalidOperationException)
        {
            return new Step(s.Line, s.Text, StepState.Unchecked, "internal") { Left = l.Text, Right = r.Text };
        }
    }

    /// <summary>x = 3 gives the name a value, until another one does.</summary>
    private static void Learn(Statement s, int i, Dictionary<string, Expr> known)
    {
        if (s.Ops[i] is not ('=' or ':') || s.Sides[i].Expr is not { Kind: ExprKind.Symbol } name) return;
        var value = s.Sides[^1].Expr is { } last && Quantities.IsClosed(last) ? last : s.Sides[i + 1].Expr;
        if (value is not null && Quantities.IsClosed(value) && value.Size <= 40) known[name.Name] = value;
    }
}
