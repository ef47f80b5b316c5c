using System.Text;

namespace Tenon.Tests.MathAnswers;

/// <summary>
/// Answers made by cutting, doubling and mixing pieces of real notation: the same seed gives the same texts on every machine.
/// </summary>
internal sealed class AnswerMutator(ulong seed)
{
    private static readonly string[] Corpus =
    [
        @"\frac{3}{4}", @"\left(3, \frac{\pi}{2}\right)", @"x^2+2x+1", @"\boxed{42}", @"1{,}000", @"10,\!080", "4.5e33",
            @"5 \times 10^{-3}", @"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
        @"[0,1)\cup(2,\infty)", @"\{1\pm\sqrt{5},-2\}", "x=5", @"-2 \le x \le 7", @"\text{ cm}^2", @"90^\circ", "52_8", @"\sqrt[3]{x}^2",
            @"|x-1|<2", "10^{10^{10}}", "9999999!", @"\binom{99}{49}", "((((((", "}}}", @"\left\lfloor \frac{m}{2}\right\rfloor",
        "The final answer is $7$. I hope it is correct.", "<think>", "</think>", "<answer>", "</answer>", "#### 18", @"\sum_{k=1}^{n} k",
            @"f(x)=x^2", "3:4:5", "12:30", @"50\%", "$", "\\", "{", "^", "_", ",", ";", " or ", " and ", "!", "-", "0", "9", "e", "i", "…",
                "−", "²", "½", "\ud83d", "\0", "４", "x", "\\\\",
        @"\log_2 x", @"\sin^{-1}(1)", @"e^{i\pi}", @"0.\overline{3}", "2^{2^{2^{2^{2}}}}", "1/2/3/4", "a,b,c", @"\overline{AB}",
            @"\mathbb{R}\setminus\{0\}", @"\frac", @"\boxed{", @"\text{", "~", "=", "<", @"\pm", ".", "0.333...", "gcd(12,18)",
                "1e999999999", "99999999999999999999999999999999999999999999",
    ];

    private ulong _state = seed * 0x9E3779B97F4A7C15UL + 1;

    /// <summary>The next text.</summary>
    public string Next()
    {
        var b = new StringBuilder();
        var pieces = 1 + Below(6);
        for (var i = 0; i < pieces; i++)
        {
            var piece = Corpus[Below(Corpus.Length)];
            switch (Below(8))
            {
                case 0: b.Append(piece.AsSpan(Below(piece.Length + 1))); break;
                case 1: b.Append(piece.AsSpan(0, Below(piece.Length + 1))); break;
                case 2: b.Insert(Below(b.Length + 1), piece); break;
                case 3:
                    for (var n = Below(40); n >= 0; n--) b.Append(piece);
                    break;
                case 4: b.Append('{').Append(piece).Append('}'); break;
                case 5: b.Append((char)Below(Below(8) == 0 ? 65536 : 128)).Append(piece); break;
                case 6 when b.Length > 0: b.Remove(Below(b.Length), 1); break;
                default: b.Append(piece); break;
            }
        }
        return Below(2) == 0 ? b.ToString() : @"so \boxed{" + b + "}.";
    }

    private int Below(int n)
    {
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return (int)(_state % (ulong)n);
    }
}
