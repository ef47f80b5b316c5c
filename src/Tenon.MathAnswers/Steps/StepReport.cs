namespace Tenon.MathAnswers.Steps;

/// <summary>What is known of one step.</summary>
public enum StepState
{
    /// <summary>Both sides agree, or the equation has the solutions of the one before.</summary>
    Right,

    /// <summary>Both sides were read in full and disagree, and nothing around them says that they were not meant as a claim.</summary>
    Wrong,

    /// <summary>Nothing could be decided: a definition, a name, an unknown, an unread side, a doubt.</summary>
    Unchecked,
}

/// <summary>
/// One claim of a worked solution: two sides and the relation between them, or an equation that should follow from the one before.
/// </summary>
/// <param name="Line">The line of the text, from 1.</param>
/// <param name="Text">The statement as it stands in the text.</param>
/// <param name="State">The verdict.</param>
/// <param name="Reason">A stable word: <c>arithmetic</c>, <c>identity</c>, <c>solution</c>, <c>congruence</c>, <c>order</c>,
/// <c>rounded</c>, <c>definition</c>, <c>unread</c> ...</param>
public sealed record Step(int Line, string Text, StepState State, string Reason)
{
    /// <summary>The left side (for a solution step: the equation before).</summary>
    public string Left { get; init; } = "";

    /// <summary>The right side (for a solution step: this equation).</summary>
    public string Right { get; init; } = "";

    /// <summary>The left side's value (for a solution step: the solution of the equation before), where it has one.</summary>
    public string? LeftValue { get; init; }

    /// <summary>The right side's value (for a solution step: the solution of this equation), where it has one.</summary>
    public string? RightValue { get; init; }
}

/// <summary>A worked solution, checked line by line.</summary>
/// <param name="Steps">Every step that was found, in the order of the text.</param>
/// <param name="OverBudget">True where the text was too long to be checked to its end.</param>
public sealed record StepReport(IReadOnlyList<Step> Steps, bool OverBudget)
{
    /// <summary>The same of what stands behind the last think block; null where the text has no such block, or does not leave it.</summary>
    public StepReport? Answer { get; init; }

    /// <summary>True where the text ends inside a think block, so that none of its steps is part of an answer.</summary>
    public bool IsThinking { get; init; }

    /// <summary>Number of steps that were decided.</summary>
    public int Checked { get; } = Steps.Count(s => s.State != StepState.Unchecked);

    /// <summary>Number of right steps.</summary>
    public int Right { get; } = Steps.Count(s => s.State == StepState.Right);

    /// <summary>Number of wrong steps.</summary>
    public int Wrong => Checked - Right;

    /// <summary>The first wrong step, or null.</summary>
    public Step? FirstWrong { get; } = Steps.FirstOrDefault(s => s.State == StepState.Wrong);

    /// <summary>Number of right steps before the first wrong one; all of them where none is wrong.</summary>
    public int RightBeforeError { get; } = Steps.TakeWhile(s => s.State != StepState.Wrong).Count(s => s.State == StepState.Right);

    /// <summary>Share of right steps among the checked ones; null where nothing was checked.</summary>
    public double? Share => Checked == 0 ? null : (double)Right / Checked;
}
