using Tenon.MathAnswers.Numbers;

namespace Tenon.MathAnswers.Parsing;

/// <summary>What an <see cref="Expr"/> is.</summary>
internal enum ExprKind : byte
{
    /// <summary>An exact number; <see cref="Expr.IsDecimal"/> where it was written with a decimal point or exponent.</summary>
    Number,

    /// <summary>A variable; the name holds subscript, accents and primes.</summary>
    Symbol,

    /// <summary>pi, e, i or inf.</summary>
    Constant,

    /// <summary>A sum.</summary>
    Add,

    /// <summary>A product.</summary>
    Mul,

    /// <summary>Base and exponent.</summary>
    Power,

    /// <summary>A known function; the name says which.</summary>
    Call,

    /// <summary>An unknown function of its arguments, such as f(x).</summary>
    Apply,

    /// <summary>Both signs: (a, b) for a ± b with a possibly absent; the name is "+-" or "-+".</summary>
    PlusMinus,

    /// <summary>A percentage of its argument.</summary>
    Percent,

    /// <summary>An angle in degrees.</summary>
    Degree,

    /// <summary>Digits in a base other than ten: name = the digits, base in <see cref="Expr.Extra"/>.</summary>
    BaseNumber,

    /// <summary>a : b : c.</summary>
    Ratio,

    /// <summary>Words.</summary>
    Text,

    /// <summary>An unbracketed list; the name is "or" where the elements are alternatives.</summary>
    List,

    /// <summary>Elements in brackets; the name holds the two brackets, so that (a, b] is an interval.</summary>
    Tuple,

    /// <summary>A set by its elements.</summary>
    Set,

    /// <summary>Union, intersection or difference of sets: name "cup", "cap" or "minus".</summary>
    SetOp,

    /// <summary>A matrix by rows; the number of columns in <see cref="Expr.Extra"/>.</summary>
    Matrix,

    /// <summary>A chain of relations; the name holds one character for each sign.</summary>
    Relation,

    /// <summary>Values by cases: value, condition, value, condition ...; a condition in words is a <see cref="Text"/>.</summary>
    Piecewise,

    /// <summary>A set by what its elements fulfil: the element, then the conditions.</summary>
    SetBuilder,
}

/// <summary>A node of the exact expression that an answer is read as. Immutable.</summary>
internal sealed class Expr
{
    public static readonly Expr Zero = new(ExprKind.Number, "", []) { Value = Rational.Zero };
    public static readonly Expr One = Num(Rational.One);
    public static readonly Expr MinusOne = Num(-1);
    public static readonly Expr Pi = new(ExprKind.Constant, "pi", []);
    public static readonly Expr E = new(ExprKind.Constant, "e", []);
    public static readonly Expr I = new(ExprKind.Constant, "i", []);
    public static readonly Expr Infinity = new(ExprKind.Constant, "inf", []);

    public Expr(ExprKind kind, string name, Expr[] args)
    {
        (Kind, Name, Args) = (kind, name, args);
        var size = 1;
        foreach (var a in args) size += a.Size;
        Size = size;
    }

    public ExprKind Kind { get; }

    public string Name { get; }

    public Expr[] Args { get; }

    public Rational Value { get; init; }

    public bool IsDecimal { get; init; }

    public int Extra { get; init; }

    /// <summary>Number of nodes.</summary>
    public int Size { get; }

    public bool IsNumber => Kind == ExprKind.Number;

    /// <summary>True for the kinds that stand for one value, not for a collection, statement or words.</summary>
    public bool IsScalar => Kind < ExprKind.Ratio;

    public static Expr Num(Rational value, bool isDecimal = false) => new(ExprKind.Number, "", []) { Value = value, IsDecimal = isDecimal };

    private static readonly Expr[] SmallIntegers = [.. Enumerable.Range(-16, 1041).Select(i => Num(new Rational(i)))];

    /// <summary>A whole number; the small ones are shared.</summary>
    public static Expr Int(long value) => value is >= -16 and <= 1024 ? SmallIntegers[value + 16] : Num(new Rational(value));

    public static Expr Sym(string name) => new(ExprKind.Symbol, name, []);

    public static Expr Call(string name, params Expr[] args) => new(ExprKind.Call, name, args);

    public static Expr Pow(Expr b, Expr e) => new(ExprKind.Power, "", [b, e]);

    public static Expr Div(Expr a, Expr b) => Mul(a, Pow(b, MinusOne));

    public static Expr Neg(Expr a) =>
        a.IsNumber ? Num(-a.Value, a.IsDecimal) : Mul(MinusOne, a);

    public static Expr Add(params Expr[] terms) => terms.Length == 1 ? terms[0] : new(ExprKind.Add, "", terms);

    public static Expr Mul(params Expr[] factors) => factors.Length == 1 ? factors[0] : new(ExprKind.Mul, "", factors);

    public static Expr Sub(Expr a, Expr b) => Add(a, Neg(b));

    /// <summary>The same node over other arguments.</summary>
    public Expr With(Expr[] args) => new(Kind, Name, args) { Value = Value, IsDecimal = IsDecimal, Extra = Extra };

    /// <summary>True where the predicate holds for this node or any below.</summary>
    public bool Any(Func<Expr, bool> test)
    {
        if (test(this)) return true;
        foreach (var a in Args)
            if (a.Any(test)) return true;
        return false;
    }

    public override string ToString() => ExprPrinter.Print(this);
}
