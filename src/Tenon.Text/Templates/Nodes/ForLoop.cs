using System.Numerics;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Nodes;

/// <summary><c>{% for target in items if test recursive %}</c></summary>
internal sealed class ForLoop(Target target, Expression items, Expression? test, bool recursive, List<Statement> body,
    List<Statement> otherwise) : Statement
{
    internal Expression Items { get; } = items;

    internal Expression? Test { get; } = test;

    internal List<Statement> Body { get; } = body;

    internal List<Statement> Otherwise { get; } = otherwise;

    internal override IEnumerable<Node> Children => [target, Items, .. Test is null ? Array.Empty<Node>() : [Test], .. Body, .. Otherwise];

    internal override Flow Run(Scope scope, OutputText output) => Loop(Items.Evaluate(scope), scope, output, 0);

    private Flow Loop(object? value, Scope scope, OutputText output, int depth)
    {
        var values = PyType.Iterate(value);
        var loop = Test is null ? new LoopState(values, PyType.Length(value), depth) : new LoopState(Filtered(values, scope), null, depth);
        if (recursive) loop.Recurse = inner => Recurse(inner, scope, depth + 1);
        // The else branch runs unless some round came to the end of the body: a round that is broken off does not count, as in Jinja.
        var completed = false;
        while (loop.Advance())
        {
            RenderBudget.Charge(1);
            var round = new Scope(scope);
            round.Set("loop", loop);
            target.Assign(round, loop.Current);
            var flow = RunAll(Body, round, output);
            if (flow == Flow.Break) break;
            completed |= flow == Flow.Next;
        }
        return completed ? Flow.Next : RunAll(Otherwise, new Scope(scope), output);
    }

    private string Recurse(object? value, Scope scope, int depth)
    {
        RenderBudget.Enter();
        var output = new OutputText();
        Loop(value, scope, output, depth);
        RenderBudget.Leave();
        return output.ToString();
    }

    private IEnumerable<object?> Filtered(IEnumerable<object?> values, Scope scope)
    {
        foreach (var value in values)
        {
            RenderBudget.Charge(1);
            var inner = new Scope(scope);
            target.Assign(inner, value);
            if (PyType.Truth(Test!.Evaluate(inner))) yield return value;
        }
    }
}

/// <summary>The special variable <c>loop</c>.</summary>
internal sealed class LoopState : PyCallable
{
    private readonly int _depth;
    private IEnumerator<object?> _items;
    private BigInteger? _length;
    private int _index0 = -1;
    private object? _previous;
    private object? _following;
    private bool _hasFollowing;
    private PyTuple? _lastChanged;

    internal LoopState(IEnumerable<object?> items, BigInteger? length, int depth)
    {
        _items = items.GetEnumerator();
        _length = length;
        _depth = depth;
    }

    internal Func<object?, string>? Recurse { get; set; }

    internal object? Current { get; private set; }

    internal override string TypeName => "LoopContext";

    internal override string Module => "jinja2.runtime";

    internal override BigInteger? Length => Count();

    internal override bool Truth => !Count().IsZero;

    internal override string Display() => $"<LoopContext {_index0 + 1}/{Count()}>";

    internal bool Advance()
    {
        object? next;
        if (_hasFollowing) (next, _following, _hasFollowing) = (_following, null, false);
        else if (_items.MoveNext()) next = _items.Current;
        else return false;
        _index0++;
        (_previous, Current) = (Current, next);
        return true;
    }

    internal override object? Call(Arguments arguments)
    {
        var value = new Signature("LoopContext.__call__", "iterable").Bind(arguments)[0];
        return Recurse is null ? throw TemplateException.Type("The loop must have the 'recursive' marker to be called recursively.")
            : Recurse(value);
    }

    internal override bool TryAttribute(string name, out object? value)
    {
        switch (name)
        {
            case "index": value = (BigInteger)_index0 + 1; return true;
            case "index0": value = (BigInteger)_index0; return true;
            case "revindex": value = Count() - _index0; return true;
            case "revindex0": value = Count() - _index0 - 1; return true;
            case "first": value = _index0 == 0; return true;
            case "last": value = !Peek(); return true;
            case "length": value = Count(); return true;
            case "depth": value = (BigInteger)_depth + 1; return true;
            case "depth0": value = (BigInteger)_depth; return true;
            case "previtem": value = _index0 == 0 ? new Undefined("there is no previous item") : _previous; return true;
            case "nextitem": value = Peek() ? _following : new Undefined("there is no next item"); return true;
            case "cycle": value = new PyFunction(name, Cycle, "method"); return true;
            case "changed": value = new PyFunction(name, Changed, "method"); return true;
            default: value = null; return false;
        }
    }

    private bool Peek()
    {
        if (!_hasFollowing && _items.MoveNext()) (_following, _hasFollowing) = (_items.Current, true);
        return _hasFollowing;
    }

    /// <summary>The number of rounds; items without a size are read to the end for it.</summary>
    private BigInteger Count()
    {
        if (_length is { } known) return known;
        var rest = new List<object?>();
        while (_items.MoveNext()) rest.Add(_items.Current);
        _items = rest.GetEnumerator();
        _length = rest.Count + _index0 + 1 + (_hasFollowing ? 1 : 0);
        return _length.Value;
    }

    private object? Cycle(Arguments a) =>
        a.Positional.Count > 0 ? a.Positional[_index0 % a.Positional.Count] : throw TemplateException.Type("no items for cycling given");

    private object? Changed(Arguments a)
    {
        var values = new PyTuple(a.Positional);
        if (_lastChanged is not null && Comparison.Equal(_lastChanged, values)) return false;
        _lastChanged = values;
        return true;
    }
}
