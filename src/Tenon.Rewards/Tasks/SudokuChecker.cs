using Tenon.Rewards.Outcome;

namespace Tenon.Rewards.Tasks;

/// <summary>
/// Judges a filled grid: sixteen digits 1 to 4 in the box (spaces, slashes, commas, bars or line ends between them) that keep the givens
/// and break no rule.
/// </summary>
internal sealed class SudokuChecker : IReward
{
    public string Name => "sudoku4x4";

    public bool IsOutcome => true;

    public Verdict Judge(Problem problem, in Completion completion)
    {
        if (problem.Fields is not { } fields || !fields.TryGetValue("puzzle", out var cells)) return Verdict.Skip("no-task-data");
        var puzzle = cells.EnumerateArray().Select(c => c.GetInt32()).ToArray();
        return BoxedAnswer.Judge(completion, text => Decide(puzzle, text));
    }

    private static (bool Correct, string Reason) Decide(int[] puzzle, string text)
    {
        var grid = new List<int>(puzzle.Length);
        foreach (var c in text)
        {
            if (c is >= '1' and <= '4') grid.Add(c - '0');
            else if (c is not (' ' or '/' or ',' or '|' or ';' or '\n' or '\r')) return (false, "no-grid");
        }

        if (grid.Count != puzzle.Length) return (false, "no-grid");
        for (var cell = 0; cell < puzzle.Length; cell++)
        {
            if (puzzle[cell] != 0 && puzzle[cell] != grid[cell]) return (false, "given-changed");
            if (!Sudoku4x4.Fits(grid.ToArray(), cell, grid[cell])) return (false, "rule-broken");
        }

        return (true, "solved");
    }
}
