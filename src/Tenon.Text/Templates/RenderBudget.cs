// A template is foreign code: this file bounds the work, the memory and the stack that one rendering may take. Work is counted, not timed,
// so that the same template ends the same way on every machine.
using System.Runtime.CompilerServices;

namespace Tenon.Text.Templates;

/// <summary>
/// Counts the work of the rendering that runs on this thread: one unit a node or an item of a loop, and for eight characters or items that
/// are copied.
/// </summary>
internal sealed class RenderBudget
{
    /// <summary>Units of work; a few seconds at most, a thousand times what a long conversation takes.</summary>
    internal const long MaxWork = 20_000_000;

    /// <summary>Longest string or list that may come into being, in characters or items.</summary>
    internal const long MaxSize = 50_000_000;

    /// <summary>Macros and recursive loops inside one another; Python's own limit of 1000 frames ends between 150 and 200.</summary>
    internal const int MaxDepth = 180;

    [ThreadStatic] private static RenderBudget? _current;

    private long _work;
    private int _depth;

    /// <summary>Runs a piece of work under a fresh budget and puts the outer one back, so that renderings may nest.</summary>
    internal static T Run<T>(Func<T> body)
    {
        var outer = _current;
        _current = new RenderBudget();
        try
        {
            return body();
        }
        finally
        {
            _current = outer;
        }
    }

    /// <summary>Takes units of work before they are done.</summary>
    internal static void Charge(long units)
    {
        if (_current is not { } budget) return;
        if (units < 0 || (budget._work += units) > MaxWork)
            throw TemplateException.Runtime($"the template takes more than {MaxWork} steps");
    }

    /// <summary>Takes the work of making a string or list of a size, and refuses one that is too large before it is allocated.</summary>
    internal static void ChargeSize(long size)
    {
        if (size is < 0 or > MaxSize)
            throw new TemplateException("MemoryError", $"the template makes a value of more than {MaxSize} characters or items");
        Charge(size / 8 + 1);
    }

    /// <summary>Refuses to go deeper where the thread's stack is nearly used up.</summary>
    internal static void GuardStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw TooDeep();
    }

    /// <summary>Enters a macro or a recursive loop.</summary>
    internal static void Enter()
    {
        if (_current is { } budget && ++budget._depth > MaxDepth) throw TooDeep();
    }

    /// <summary>Leaves what <see cref="Enter"/> entered.</summary>
    internal static void Leave()
    {
        if (_current is { } budget) budget._depth--;
    }

    private static TemplateException TooDeep() => new("RecursionError", "maximum recursion depth exceeded");
}
