using System.Text.Json.Nodes;

namespace Tenon.Evaluation.Texts;

/// <summary>
/// How a document longer than the model's context is read: windows of so many tokens, each so many further than the one before it; a token
/// counts in the first window that holds it, where it has at least window less stride tokens before it.
/// </summary>
/// <param name="Window">Tokens that a window predicts at most.</param>
/// <param name="Stride">Tokens from one window's start to the next one's.</param>
public sealed record TextSettings(int Window, int Stride)
{
    /// <summary>The longest window that is taken without being asked for.</summary>
    public const int UsualWindow = 1024;

    /// <summary>Settings from what was asked for: a window within the context, a stride of half of it.</summary>
    /// <exception cref="TenonException">The window does not fit, or the stride leaves tokens out.</exception>
    public static TextSettings Of(int? window, int? stride, int context)
    {
        var wide = window ?? Math.Min(UsualWindow, context);
        if (wide < 1 || wide > context)
            throw new TenonException("--window", $"1 to {context}, the model's context", $"{wide}", usage: true);
        var far = stride ?? Math.Max(1, wide / 2);
        if (far < 1 || far > wide)
            throw new TenonException("--stride", $"1 to {wide}, the window: a longer one would leave tokens out", $"{far}", usage: true);
        return new(wide, far);
    }

    /// <summary>The windows of a document of so many tokens: the first token read, how many are read, from which on they count.</summary>
    public IEnumerable<(int Start, int Length, int Counted)> Windows(int tokens)
    {
        for (var (start, done) = (0, 0); done < tokens; start += Stride)
        {
            var length = Math.Min(Window, tokens - start);
            yield return (start, length, done - start);
            done = start + length;
        }
    }

    internal JsonObject ToJson() => new() { ["window"] = Window, ["stride"] = Stride };
}
