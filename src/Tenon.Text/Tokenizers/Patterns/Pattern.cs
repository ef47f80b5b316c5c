using System.Runtime.CompilerServices;

namespace Tenon.Text.Tokenizers.Patterns;

/// <summary>
/// A compiled regular expression over code points, with Oniguruma's answers: the first alternative that leads to a match wins,
/// repetitions are greedy. The matcher is a loop with its own stack, so no text can exhaust the call stack. Thread-safe.
/// </summary>
internal sealed class Pattern
{
    private const long StepsPerCharacter = 1000;

    [ThreadStatic]
    private static int[]? _sharedStack;

    private readonly string _source;
    private readonly Instruction[] _program;
    private readonly CodePointSet? _first;

    private Pattern(string source, PatternNode node)
    {
        _source = source;
        _program = PatternCompiler.Compile(node, source);
        _first = node.First;
    }

    /// <summary>Compiles a pattern; an unsupported construct is an error that names it.</summary>
    public static Pattern Compile(string source) => new(source, PatternParser.Parse(source));

    /// <summary>The first match in the text that starts at <paramref name="from"/> or later; never empty.</summary>
    public bool Find(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        var state = new State { Stack = _sharedStack ??= new int[48], Steps = StepsPerCharacter * (text.Length + 1000L) };
        for (start = from; start < text.Length; start += Width(text, start))
        {
            if (_first is not null && !_first.Contains(At(text, start))) continue;
            end = Run(text, 0, start, ref state);
            if (end >= 0) return true;
        }
        end = start;
        return false;
    }

    private struct State
    {
        public int[] Stack;
        public int Depth;
        public long Steps;
    }

    // The stack holds triples (instruction, position, lowest): an alternative to try at a position, or, where lowest is not
    // negative, a loop that may give back one code point at a time down to that position.
    private int Run(ReadOnlySpan<char> text, int at, int position, ref State state)
    {
        var bottom = state.Depth;
        while (true)
        {
            var failed = false;
            ref readonly var step = ref _program[at];
            switch (step.Operation)
            {
                case Operation.One:
                    failed = position >= text.Length || !step.Set!.Contains(At(text, position));
                    if (!failed) position += Width(text, position);
                    at++;
                    break;
                case Operation.Loop:
                    var stop = Loop(text, position, step, out var lowest);
                    failed = stop < 0;
                    at++;
                    if (!failed && step.GivesBack && stop > lowest) Push(ref state, at, stop, lowest);
                    position = stop;
                    break;
                case Operation.Fork:
                    if (step.Set is not null && (position >= text.Length || !step.Set.Contains(At(text, position))))
                    {
                        at = step.B;
                        break;
                    }
                    Push(ref state, step.B, position, -1);
                    at = step.A;
                    break;
                case Operation.Jump:
                    at = step.A;
                    break;
                case Operation.Look or Operation.NotLook:
                    failed = Run(text, at + 1, position, ref state) >= 0 != (step.Operation == Operation.Look);
                    at = step.A;
                    break;
                case Operation.Match:
                    state.Depth = bottom;
                    return position;
            }
            if (!failed) continue;
            if (state.Depth == bottom) return -1;
            if (--state.Steps < 0)
                throw new TenonException("A regular expression of the tokenizer needs too many steps on this text.",
                    $"at most {StepsPerCharacter} a character", got: _source);
            Pop(text, ref state, out at, out position);
        }
    }

    private static int Loop(ReadOnlySpan<char> text, int position, in Instruction step, out int lowest)
    {
        var set = step.Set!;
        lowest = position;
        var count = 0;
        while (count < step.B && position < text.Length && set.Contains(At(text, position)))
        {
            position += Width(text, position);
            if (++count == step.A) lowest = position;
        }
        return count < step.A ? -1 : position;
    }

    private static void Push(ref State state, int at, int position, int lowest)
    {
        if (state.Depth + 3 > state.Stack.Length)
        {
            Array.Resize(ref state.Stack, state.Stack.Length * 2);
            _sharedStack = state.Stack;
        }
        state.Stack[state.Depth++] = at;
        state.Stack[state.Depth++] = position;
        state.Stack[state.Depth++] = lowest;
    }

    private static void Pop(ReadOnlySpan<char> text, ref State state, out int at, out int position)
    {
        var stack = state.Stack;
        at = stack[state.Depth - 3];
        position = stack[state.Depth - 2];
        var lowest = stack[state.Depth - 1];
        if (lowest >= 0)
        {
            position -= position >= 2 && char.IsLowSurrogate(text[position - 1]) && char.IsHighSurrogate(text[position - 2]) ? 2 : 1;
            stack[state.Depth - 2] = position;
        }
        if (lowest < 0 || position <= lowest) state.Depth -= 3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int At(ReadOnlySpan<char> text, int position)
    {
        int c = text[position];
        return (c & 0xFC00) == 0xD800 && position + 1 < text.Length ? char.ConvertToUtf32((char)c, text[position + 1]) : c;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Width(ReadOnlySpan<char> text, int position) =>
    (text[position] & 0xFC00) == 0xD800 && position + 1 < text.Length ? 2 : 1;
}
