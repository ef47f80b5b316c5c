namespace Tenon.MathAnswers;

/// <summary>Thrown inside a verdict when its steps or sizes are used up; never leaves the verifier.</summary>
internal sealed class BudgetExceededException : Exception;

/// <summary>
/// What a verdict may cost, counted in steps instead of seconds, so that the same input gets the same verdict on every machine and no
/// input can hang a worker. A step is roughly a node visited or a machine word of arithmetic.
/// </summary>
internal sealed class WorkBudget(int steps)
{
    /// <summary>Longest text, in characters, that is read as an expression.</summary>
    public const int MaxExpressionChars = 4000;

    /// <summary>Deepest nesting that is read, in calls of the parser: a group takes four, so about 40 groups.</summary>
    public const int MaxDepth = 160;

    /// <summary>Most elements of one list, set or matrix.</summary>
    public const int MaxElements = 512;

    /// <summary>Largest exact number, in bits (about 9,000 decimal digits).</summary>
    public const int MaxBits = 30_000;

    private int _left = steps;

    /// <summary>The steps that are left; none where they were used up.</summary>
    public int Left => Math.Max(0, _left);

    /// <summary>Takes steps from the budget; throws when it is used up.</summary>
    public void Spend(int count)
    {
        if ((_left -= count) < 0) throw new BudgetExceededException();
    }

    /// <summary>True while at least <paramref name="count"/> steps are left.</summary>
    public bool Has(int count) => _left >= count;
}
