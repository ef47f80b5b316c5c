using System.Text;

namespace Tenon.MathAnswers.Parsing;

/// <summary>Writes an expression as one line of plain text, for explanations and for structural comparison.</summary>
internal static class ExprPrinter
{
    private const int MaxChars = 4000;

    public static string Print(Expr e)
    {
        var text = new StringBuilder();
        Write(text, e, 0);
        return text.ToString();
    }

    private static void Write(StringBuilder t, Expr e, int outer)
    {
        if (t.Length > MaxChars) return;
        switch (e.Kind)
        {
            case ExprKind.Number:
                var wrap = outer > 1 && (e.Value.Sign < 0 || !e.Value.IsInteger);
                if (wrap) t.Append('(');
                if (e.Value.Bits > 2000) t.Append('<').Append(e.Value.Bits).Append("-bit number>");
                else t.Append(e.Value.ToString());
                if (wrap) t.Append(')');
                break;
            case ExprKind.Symbol or ExprKind.Constant: t.Append(e.Name); break;
            case ExprKind.Text: t.Append('"').Append(e.Name).Append('"'); break;
            case ExprKind.BaseNumber: t.Append(e.Name).Append('_').Append(e.Extra); break;
            case ExprKind.Add: Join(t, e, " + ", 1, outer); break;
            case ExprKind.Mul: Join(t, e, "*", 2, outer); break;
            case ExprKind.Power: Join(t, e, "^", 3, outer); break;
            case ExprKind.Percent: Write(t, e.Args[0], 3); t.Append('%'); break;
            case ExprKind.Degree: Write(t, e.Args[0], 3); t.Append('°'); break;
            case ExprKind.PlusMinus: Join(t, e, e.Name == "+-" ? " ± " : " ∓ ", 1, outer); break;
            case ExprKind.Ratio: Join(t, e, " : ", 1, outer); break;
            case ExprKind.List: Join(t, e, e.Name == "or" ? " or " : ", ", 0, 0); break;
            case ExprKind.Set: t.Append('{'); Join(t, e, ", ", 0, 0); t.Append('}'); break;
            case ExprKind.SetOp: Join(t, e, $" {e.Name} ", 1, outer); break;
            case ExprKind.Tuple: t.Append(e.Name[0]); Join(t, e, ", ", 0, 0); t.Append(e.Name[1]); break;
            case ExprKind.Matrix:
                t.Append("matrix[").Append(e.Args.Length / Math.Max(1, e.Extra)).Append('x').Append(e.Extra).Append("](");
                Join(t, e, ", ", 0, 0);
                t.Append(')');
                break;
            case ExprKind.Relation:
                for (var i = 0; i < e.Args.Length; i++)
                {
                    if (i > 0) t.Append(' ').Append(e.Name[i - 1]).Append(' ');
                    Write(t, e.Args[i], 0);
                }
                break;
            default: t.Append(e.Name).Append('('); Join(t, e, ", ", 0, 0); t.Append(')'); break;
        }
    }

    private static void Join(StringBuilder t, Expr e, string separator, int level, int outer)
    {
        var wrap = outer >= level && level > 0;
        if (wrap) t.Append('(');
        for (var i = 0; i < e.Args.Length; i++)
        {
            if (i > 0) t.Append(separator);
            Write(t, e.Args[i], level);
        }
        if (wrap) t.Append(')');
    }
}
