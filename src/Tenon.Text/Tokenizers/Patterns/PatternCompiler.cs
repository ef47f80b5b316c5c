namespace Tenon.Text.Tokenizers.Patterns;

/// <summary>What an instruction does; see <see cref="Instruction"/>.</summary>
internal enum Operation : byte
{
    /// <summary>Takes one code point of the set.</summary>
    One,

    /// <summary>Takes min to max code points of the set, as many as it can.</summary>
    Loop,

    /// <summary>Goes to A, and to B if that fails; straight to B where the next code point is not in the set.</summary>
    Fork,

    /// <summary>Goes to A.</summary>
    Jump,

    /// <summary>Goes to A if the program after it matches here.</summary>
    Look,

    /// <summary>Goes to A if the program after it does not match here.</summary>
    NotLook,

    /// <summary>Ends a match.</summary>
    Match,
}

/// <summary>One step of a compiled pattern.</summary>
internal readonly record struct Instruction(Operation Operation, CodePointSet? Set = null, int A = 0, int B = 0, bool GivesBack = false);

/// <summary>
/// Turns a parsed pattern into a program. A loop whose set shares nothing with what may follow never gives characters back: this is
/// what keeps ordinary text free of backtracking.
/// </summary>
internal sealed class PatternCompiler
{
    private const int LongestProgram = 10_000;
    private readonly List<Instruction> _program = [];
    private readonly string _source;

    private PatternCompiler(string source) => _source = source;

    /// <summary>The program of a pattern; the source is for messages.</summary>
    public static Instruction[] Compile(PatternNode node, string source)
    {
        var compiler = new PatternCompiler(source);
        compiler.Emit(node, new(true, null));
        compiler.Add(new(Operation.Match));
        return [.. compiler._program];
    }

    // What comes after a node: the end of the match (or only parts that cannot fail), or something that starts with one of a set.
    private readonly record struct Follow(bool End, CodePointSet? First);

    private void Emit(PatternNode node, Follow follow)
    {
        switch (node)
        {
            case PatternNode.One one:
                Add(new(Operation.One, one.Set));
                break;
            case PatternNode.Sequence sequence:
                for (var i = 0; i < sequence.Parts.Count; i++) Emit(sequence.Parts[i], After(sequence.Parts, i, follow));
                break;
            case PatternNode.Choice choice:
                EmitChoice(choice, follow);
                break;
            case PatternNode.Repeat repeat:
                EmitRepeat(repeat, follow);
                break;
            case PatternNode.Look look:
                var at = Add(default);
                Emit(look.Body, new(true, null));
                Add(new(Operation.Match));
                _program[at] = new(look.Negative ? Operation.NotLook : Operation.Look, A: _program.Count);
                break;
        }
    }

    private static Follow After(IReadOnlyList<PatternNode> parts, int index, Follow outer)
    {
        var rest = parts.Skip(index + 1).ToArray();
        if (rest.Length == 0) return outer;
        return new(outer.End && rest.All(p => p is PatternNode.Repeat { Min: 0 }), new PatternNode.Sequence(rest).First);
    }

    private void EmitChoice(PatternNode.Choice choice, Follow follow)
    {
        var jumps = new List<int>();
        for (var i = 0; i < choice.Parts.Count; i++)
        {
            var isLast = i == choice.Parts.Count - 1;
            var fork = isLast ? -1 : Add(default);
            Emit(choice.Parts[i], follow);
            if (isLast) break;
            jumps.Add(Add(default));
            _program[fork] = new(Operation.Fork, choice.Parts[i].First, fork + 1, _program.Count);
        }
        foreach (var jump in jumps) _program[jump] = new(Operation.Jump, A: _program.Count);
    }

    private void EmitRepeat(PatternNode.Repeat repeat, Follow follow)
    {
        if (repeat is { Body: PatternNode.One one, Mode: not RepeatMode.Lazy })
        {
            var keeps = repeat.Mode == RepeatMode.Possessive || follow.End || (follow.First is { } first && !first.Overlaps(one.Set));
            Add(new(Operation.Loop, one.Set, repeat.Min, repeat.Max < 0 ? int.MaxValue : repeat.Max, !keeps));
            return;
        }
        // After one turn of the body another may follow, so nothing is known of what comes next.
        var unknown = new Follow(false, null);
        for (var i = 0; i < repeat.Min; i++) Emit(repeat.Body, unknown);
        var forks = new List<int>();
        var start = _program.Count;
        for (var i = repeat.Min; i < Math.Max(repeat.Max, repeat.Min + 1) && repeat.Max != repeat.Min; i++)
        {
            forks.Add(Add(default));
            Emit(repeat.Body, unknown);
        }
        if (repeat.Max < 0) Add(new(Operation.Jump, A: start));
        foreach (var fork in forks)
        {
            _program[fork] = repeat.Mode == RepeatMode.Lazy
                ? new(Operation.Fork, null, _program.Count, fork + 1)
                : new(Operation.Fork, repeat.Body.First, fork + 1, _program.Count);
        }
    }

    private int Add(Instruction instruction)
    {
        if (_program.Count >= LongestProgram)
            throw new TenonException("A regular expression of the tokenizer is too large.", $"at most {LongestProgram} steps",
                got: _source);
        _program.Add(instruction);
        return _program.Count - 1;
    }
}
