using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Tenon.Tensors;

/// <summary>Guards at the public doors of the ops: a wrong shape names the operation, what it expects and what came.</summary>
internal static class Shapes
{
    /// <summary>Throws where the condition is false; the texts are made then alone, because this is once an op and token.</summary>
    public static void Require(
        [DoesNotReturnIf(false)] bool condition,
        [InterpolatedStringHandlerArgument(nameof(condition))] FaultText what,
        [InterpolatedStringHandlerArgument(nameof(condition))] FaultText expected,
        [InterpolatedStringHandlerArgument(nameof(condition))] FaultText got)
    {
        if (!condition) Throw(what.ToString(), expected.ToString(), got.ToString());
    }

    [DoesNotReturn]
    private static void Throw(string what, string expected, string got) =>
    throw new TenonException(what, expected, got, "the shapes of this operation do not fit together");
}

/// <summary>A text that is put together only where a condition is false.</summary>
[InterpolatedStringHandler]
internal ref struct FaultText
{
    private DefaultInterpolatedStringHandler _inner;
    private readonly string? _plain;
    private readonly bool _isMade;

    /// <summary>Begins an interpolated text.</summary>
    public FaultText(int literals, int values, bool condition, out bool isNeeded)
    {
        isNeeded = _isMade = !condition;
        if (isNeeded) _inner = new DefaultInterpolatedStringHandler(literals, values);
    }

    private FaultText(string plain) => _plain = plain;

    /// <summary>A text that needs no putting together.</summary>
    public static implicit operator FaultText(string plain) => new(plain);

    /// <summary>Adds text.</summary>
    public void AppendLiteral(string text) => _inner.AppendLiteral(text);

    /// <summary>Adds a value.</summary>
    public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

    /// <inheritdoc/>
    public override string ToString() => _isMade ? _inner.ToStringAndClear() : _plain ?? "";
}
