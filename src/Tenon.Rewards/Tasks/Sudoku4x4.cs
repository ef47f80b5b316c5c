namespace Tenon.Rewards.Tasks;

/// <summary>Sudoku of four rows: each row, column and 2x2 block holds 1 to 4 once. Every puzzle has exactly one solution.</summary>
public sealed class Sudoku4x4 : GeneratedTask
{
    private const int Cells = 16;

    /// <inheritdoc/>
    public override string Name => "sudoku4x4";

    /// <inheritdoc/>
    public override IReward Checker { get; } = new SudokuChecker();

    /// <inheritdoc/>
    protected internal override IReadOnlyList<string> LevelNames =>
        ["3 cells blank", "5 cells blank", "7 cells blank", "9 cells blank", "11 cells blank"];

    private protected override Draft? Make(int level, CounterRandom random)
    {
        var solution = FullGrid(random);
        var puzzle = (int[])solution.Clone();
        var blanks = 2 * level + 1;
        var order = Enumerable.Range(0, Cells).ToArray();
        random.Shuffle<int>(order);
        foreach (var cell in order)
        {
            if (blanks == 0) break;
            puzzle[cell] = 0;
            if (Solutions(puzzle, 0) == 1) blanks--;
            else puzzle[cell] = solution[cell];
        }

        if (blanks > 0) return null;
        var rows =
            string.Join(" / ", Enumerable.Range(0, 4)
            .Select(r => string.Join(' ', puzzle[(4 * r)..(4 * r + 4)].Select(d => d == 0 ? "_" : $"{d}"))));
        var answer = string.Join(" / ", Enumerable.Range(0, 4).Select(r => string.Join(' ', solution[(4 * r)..(4 * r + 4)])));
        var text =
            $"Fill in this 4x4 sudoku: every row, column and 2x2 block holds 1, 2, 3 and 4 once. Rows: {rows}. Answer with the four "
            + $"rows, separated by slashes.";
        return new(rows, text, answer, $"\\boxed{{{answer}}}", Fields(("puzzle", puzzle)));
    }

    /// <summary>True where the digit fits the cell beside the digits already there.</summary>
    internal static bool Fits(ReadOnlySpan<int> grid, int cell, int digit)
    {
        for (var other = 0; other < Cells; other++)
        {
            if (other == cell || grid[other] != digit) continue;
            var sameBlock = other / 8 == cell / 8 && other % 4 / 2 == cell % 4 / 2;
            if (other / 4 == cell / 4 || other % 4 == cell % 4 || sameBlock) return false;
        }

        return true;
    }

    // Counts solutions, two at most: more than one is all that matters.
    private static int Solutions(int[] grid, int from)
    {
        var cell = Array.IndexOf(grid, 0, from);
        if (cell < 0) return 1;
        var count = 0;
        for (var digit = 1; digit <= 4 && count < 2; digit++)
        {
            if (!Fits(grid, cell, digit)) continue;
            grid[cell] = digit;
            count += Solutions(grid, cell + 1);
            grid[cell] = 0;
        }

        return Math.Min(count, 2);
    }

    private static int[] FullGrid(CounterRandom random)
    {
        var grid = new int[Cells];
        Fill(grid, 0, random);
        return grid;
    }

    private static bool Fill(int[] grid, int cell, CounterRandom random)
    {
        if (cell == Cells) return true;
        int[] digits = [1, 2, 3, 4];
        random.Shuffle<int>(digits);
        foreach (var digit in digits)
        {
            if (!Fits(grid, cell, digit)) continue;
            grid[cell] = digit;
            if (Fill(grid, cell + 1, random)) return true;
            grid[cell] = 0;
        }

        return false;
    }
}
