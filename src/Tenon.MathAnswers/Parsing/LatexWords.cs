using System.Collections.Frozen;

namespace Tenon.MathAnswers.Parsing;

/// <summary>What kind of command a name is.</summary>
internal enum CommandKind : byte
{
    /// <summary>A letter, or a command the lexer knows by its name.</summary>
    Other,

    /// <summary>Changes nothing but the look.</summary>
    Ignored,

    /// <summary>Takes an argument that is no part of the answer.</summary>
    DropArgument,

    /// <summary>Stands for one sign.</summary>
    Sign,

    /// <summary>A known function.</summary>
    Function,

    /// <summary>A wrapper around words.</summary>
    Words,

    /// <summary>A wrapper around letters.</summary>
    Font,

    /// <summary>Not evaluated.</summary>
    Unread,

    /// <summary>An accent.</summary>
    Accent,
}

/// <summary>A LaTeX command: its kind, its name (of a function the one it is evaluated under), its sign where it has one.</summary>
internal readonly record struct CommandWord(CommandKind Kind, string Text, char Sign = '\0');

/// <summary>What the lexer knows of LaTeX commands and of plain words.</summary>
internal static class LatexWords
{
    /// <summary>Commands that change nothing but the look.</summary>
    public static readonly FrozenSet<string> Ignored = new[]
    {
        "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr", "middle",
        "displaystyle", "textstyle",
        "scriptstyle", "scriptscriptstyle", "limits", "nolimits", "quad", "qquad", "enspace", "thinspace", "hfill", "hfil", "boxed", "fbox",
        "underline", "cancel",
        "bf", "rm", "it", "large", "Large", "small", "normalsize", "nonumber", "notag", "hline", "mathstrut", "ensuremath", "mathop",
        "mathrel", "mathopen", "mathclose",
        "mathord", "checkmark", "blacksquare", "therefore", "implies", "Rightarrow", "unit", "framebox",
    }.ToFrozenSet();

    /// <summary>Commands whose first argument is not part of the answer.</summary>
    public static readonly FrozenSet<string> DropArgument =
        new[] { "color", "textcolor", "hspace", "vspace", "phantom", "hphantom", "vphantom", "label", "tag" }.ToFrozenSet();

    /// <summary>Commands that stand for one sign.</summary>
    public static readonly FrozenDictionary<string, char> Signs = new Dictionary<string, char>
    {
        ["cdot"] = '*', ["times"] = '*', ["ast"] = '*', ["star"] = '*', ["bullet"] = '*', ["div"] = '/', ["slash"] = '/', ["over"] = '⁄',
        ["colon"] = ':',
        ["le"] = Sign.Le, ["leq"] = Sign.Le, ["leqslant"] = Sign.Le, ["leqq"] = Sign.Le, ["ge"] = Sign.Ge, ["geq"] = Sign.Ge,
        ["geqslant"] = Sign.Ge, ["geqq"] = Sign.Ge,
        ["lt"] = '<', ["gt"] = '>', ["ne"] = Sign.Ne, ["neq"] = Sign.Ne, ["eq"] = '=', ["approx"] = Sign.Approx, ["approxeq"] = Sign.Approx,
        ["simeq"] = Sign.Approx, ["doteq"] = Sign.Approx,
        ["equiv"] = Sign.Equiv, ["in"] = Sign.In, ["notin"] = Sign.NotIn, ["to"] = Sign.To, ["rightarrow"] = Sign.To, ["mapsto"] = Sign.To,
        ["longrightarrow"] = Sign.To,
        ["pm"] = Sign.PlusMinus, ["mp"] = Sign.MinusPlus, ["cup"] = Sign.Cup, ["cap"] = Sign.Cap, ["setminus"] = Sign.Minus,
        ["smallsetminus"] = Sign.Minus, ["backslash"] = Sign.Minus,
        ["lfloor"] = Sign.FloorOpen, ["rfloor"] = Sign.FloorClose, ["lceil"] = Sign.CeilOpen, ["rceil"] = Sign.CeilClose,
        ["langle"] = Sign.AngleOpen, ["rangle"] = Sign.AngleClose,
        ["ldots"] = Sign.Ellipsis, ["dots"] = Sign.Ellipsis, ["cdots"] = Sign.Ellipsis, ["dotsc"] = Sign.Ellipsis,
        ["vdots"] = Sign.Ellipsis, ["ddots"] = Sign.Ellipsis,
        ["circ"] = Sign.Degree, ["degree"] = Sign.Degree, ["prime"] = Sign.Prime, ["lvert"] = '|', ["rvert"] = '|', ["vert"] = '|',
        ["mid"] = '|', ["Vert"] = Sign.Norm, ["lVert"] = Sign.Norm,
        ["rVert"] = Sign.Norm, ["lbrace"] = Sign.SetOpen, ["rbrace"] = Sign.SetClose, ["lbrack"] = '[', ["rbrack"] = ']', ["lparen"] = '(',
        ["rparen"] = ')', ["land"] = Sign.And, ["lor"] = Sign.Or,
        ["wedge"] = Sign.And, ["vee"] = Sign.Or, ["percent"] = '%', ["comma"] = ',', ["choose"] = '⎚', ["mod"] = Sign.Mod,
        ["bmod"] = Sign.Mod,
    }.ToFrozenDictionary();

    /// <summary>Single characters outside ASCII and what they stand for, as LaTeX or ASCII text.</summary>
    public static readonly FrozenDictionary<char, string> Characters = new Dictionary<char, string>
    {
        ['−'] = "-", ['–'] = "-", ['—'] = "-", ['‐'] = "-", ['‑'] = "-", ['×'] = "*", ['·'] = "*", ['⋅'] = "*", ['∙'] = "*", ['•'] = "*",
        ['÷'] = "/", ['∕'] = "/", ['⁄'] = "/", ['∶'] = ":",
        ['≤'] = "\\le ", ['≥'] = "\\ge ", ['⩽'] = "\\le ", ['⩾'] = "\\ge ", ['≠'] = "\\ne ", ['≈'] = "\\approx ", ['≡'] = "\\equiv ",
        ['∈'] = "\\in ", ['∉'] = "\\notin ", ['→'] = "\\to ",
        ['±'] = "\\pm ", ['∓'] = "\\mp ", ['∪'] = "\\cup ", ['∩'] = "\\cap ", ['∖'] = "\\setminus ", ['⌊'] = "\\lfloor ",
        ['⌋'] = "\\rfloor ", ['⌈'] = "\\lceil ", ['⌉'] = "\\rceil ",
        ['⟨'] = "\\langle ", ['⟩'] = "\\rangle ", ['…'] = "\\ldots ", ['°'] = "\\degree ", ['º'] = "\\degree ", ['′'] = "'", ['’'] = "'",
        ['″'] = "''", ['∞'] = "\\infty ", ['√'] = "\\sqrt ",
        ['∫'] = "\\int ", ['∅'] = "\\emptyset ", ['ℝ'] = "\\mathbb{R}", ['ℤ'] = "\\mathbb{Z}", ['ℕ'] = "\\mathbb{N}", ['ℚ'] = "\\mathbb{Q}",
        ['ℂ'] = "\\mathbb{C}", ['ℓ'] = "\\ell ", ['²'] = "^2", ['³'] = "^3",
        ['¹'] = "^1", ['⁰'] = "^0", ['⁴'] = "^4", ['⁵'] = "^5", ['⁶'] = "^6", ['⁷'] = "^7", ['⁸'] = "^8", ['⁹'] = "^9", ['½'] = "\\frac12",
        ['⅓'] = "\\frac13", ['⅔'] = "\\frac23",
        ['¼'] = "\\frac14", ['¾'] = "\\frac34", ['⅕'] = "\\frac15", ['⅛'] = "\\frac18", ['⅙'] = "\\frac16", ['α'] = "\\alpha ",
        ['β'] = "\\beta ", ['γ'] = "\\gamma ", ['δ'] = "\\delta ", ['ε'] = "\\epsilon ",
        ['ζ'] = "\\zeta ", ['η'] = "\\eta ", ['θ'] = "\\theta ", ['κ'] = "\\kappa ", ['λ'] = "\\lambda ", ['μ'] = "\\mu ", ['ν'] = "\\nu ",
        ['ξ'] = "\\xi ", ['π'] = "\\pi ", ['ρ'] = "\\rho ", ['σ'] = "\\sigma ",
        ['τ'] = "\\tau ", ['φ'] = "\\phi ", ['ϕ'] = "\\phi ", ['χ'] = "\\chi ", ['ψ'] = "\\psi ", ['ω'] = "\\omega ", ['Γ'] = "\\Gamma ",
        ['Δ'] = "\\Delta ", ['Θ'] = "\\Theta ", ['Λ'] = "\\Lambda ",
        ['Σ'] = "\\Sigma ", ['Φ'] = "\\Phi ", ['Ψ'] = "\\Psi ", ['Ω'] = "\\Omega ", ['“'] = " ", ['”'] = " ", ['、'] = ",", ['。'] = ". ",
    }.ToFrozenDictionary();

    /// <summary>Functions by every name they are written with, and the one name they are evaluated under.</summary>
    public static readonly FrozenDictionary<string, string> Functions = new Dictionary<string, string>
    {
        ["sin"] = "sin", ["cos"] = "cos", ["tan"] = "tan", ["cot"] = "cot", ["sec"] = "sec", ["csc"] = "csc", ["arcsin"] = "asin",
        ["arccos"] = "acos", ["arctan"] = "atan", ["asin"] = "asin",
        ["acos"] = "acos", ["atan"] = "atan", ["arccot"] = "acot", ["arcsec"] = "asec", ["arccsc"] = "acsc", ["sinh"] = "sinh",
        ["cosh"] = "cosh", ["tanh"] = "tanh", ["coth"] = "coth", ["sech"] = "sech",
        ["csch"] = "csch", ["arcsinh"] = "asinh", ["arccosh"] = "acosh", ["arctanh"] = "atanh", ["asinh"] = "asinh", ["acosh"] = "acosh",
        ["atanh"] = "atanh", ["arsinh"] = "asinh", ["arcosh"] = "acosh",
        ["artanh"] = "atanh", ["ln"] = "ln", ["log"] = "log", ["lg"] = "log", ["exp"] = "exp", ["sqrt"] = "sqrt", ["cbrt"] = "cbrt",
        ["abs"] = "abs", ["floor"] = "floor", ["ceil"] = "ceil", ["gcd"] = "gcd",
        ["lcm"] = "lcm", ["max"] = "max", ["min"] = "min", ["det"] = "det", ["binom"] = "binom", ["tg"] = "tan", ["ctg"] = "cot",
        ["sgn"] = "sgn", ["sign"] = "sgn", ["Re"] = "re", ["Im"] = "im", ["arg"] = "arg",
        ["factorial"] = "factorial", ["cis"] = "cis",
    }.ToFrozenDictionary();

    /// <summary>Accents: part of the variable's name.</summary>
    public static readonly FrozenSet<string> Accents = new[]
    {
        "overline", "bar", "hat", "widehat", "vec", "overrightarrow", "tilde", "widetilde", "dot", "ddot", "dddot", "check", "breve",
        "overset", "underbrace", "overleftrightarrow",
    }.ToFrozenSet();

    /// <summary>Wrappers around letters.</summary>
    public static readonly FrozenSet<string> Fonts = new[]
    {
        "mathbf", "boldsymbol", "bm", "mathit", "mathsf", "mathcal", "mathscr", "mathfrak", "mathbb", "mathtt", "pmb",
    }.ToFrozenSet();

    /// <summary>Wrappers around words.</summary>
    public static readonly FrozenSet<string> TextCommands = new[]
    {
        "text", "mbox", "textbf", "textit", "textrm", "textnormal", "textsf", "texttt", "mathrm", "hbox", "textsc", "emph", "mathnormal",
        "operatorname", "operatorname*",
    }.ToFrozenSet();

    /// <summary>Commands that this reader does not evaluate; an answer with one of them is compared as text.</summary>
    public static readonly FrozenSet<string> Unread = new[]
    {
        "iint", "iiint", "oint", "limsup", "liminf", "sup", "inf", "bigcup", "bigcap", "forall", "exists", "nexists", "partial", "nabla",
    }.ToFrozenSet();

    private static readonly FrozenDictionary<string, CommandWord> Commands = Table();

    private static readonly FrozenDictionary<string, CommandWord>.AlternateLookup<ReadOnlySpan<char>> CommandsBySpan =
        Commands.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>What a command, without its backslash, is; an unknown one is <see cref="CommandKind.Other"/>.</summary>
    public static CommandWord Command(ReadOnlySpan<char> name) =>
        CommandsBySpan.TryGetValue(name, out var found) ? found : new CommandWord(CommandKind.Other, name.ToString());

    private static FrozenDictionary<string, CommandWord> Table()
    {
        var all = new Dictionary<string, CommandWord>(StringComparer.Ordinal);
        void Add(CommandKind kind, IEnumerable<string> names)
        {
            foreach (var name in names) all.TryAdd(name, new CommandWord(kind, name));
        }
        Add(CommandKind.Ignored, Ignored);
        Add(CommandKind.DropArgument, DropArgument);
        foreach (var (name, sign) in Signs) all.TryAdd(name, new CommandWord(CommandKind.Sign, name, sign));
        foreach (var (name, function) in Functions)
            if (name is not ("sqrt" or "binom")) all.TryAdd(name, new CommandWord(CommandKind.Function, function));
        Add(CommandKind.Words, TextCommands);
        Add(CommandKind.Font, Fonts);
        Add(CommandKind.Unread, Unread);
        Add(CommandKind.Accent, Accents);
        // Common ones that the lexer knows by name or passes on, so that their text is made once.
        Add(CommandKind.Other,
            ["frac", "dfrac", "tfrac", "sqrt", "binom", "begin", "end", "sum", "prod", "int", "lim", "infty", "pi", "alpha", "beta",
            "gamma", "theta", "lambda", "mu", "omega", "phi", "sigma", "emptyset"]);
        return all.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
