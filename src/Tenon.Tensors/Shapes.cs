using System.Diagnostics.CodeAnalysis;

namespace Tenon.Tensors;

/// <summary>Guards at the public doors of the ops: a wrong shape names the operation, what it expects and what came.</summary>
internal static class Shapes
{
    public static void Require([DoesNotReturnIf(false)] bool condition, string what, string expected, string got)
    {
        if (!condition) Throw(what, expected, got);
    }

    [DoesNotReturn]
    private static void Throw(string what, string expected, string got) =>
    throw new TenonException(what, expected, got, "the shapes of this operation do not fit together");
}
