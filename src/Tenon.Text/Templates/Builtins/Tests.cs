using System.Numerics;
using Tenon.Text.Templates.Values;

namespace Tenon.Text.Templates.Builtins;

/// <summary>Jinja's built-in tests by name.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Func<Arguments, object?>> Table = new(
    [
        One("odd", v => Comparison.Equal(Arithmetic.Binary("%", v, (BigInteger)2), BigInteger.One)),
        One("even", v => Comparison.Equal(Arithmetic.Binary("%", v, (BigInteger)2), BigInteger.Zero)),
        Two("divisibleby", "value num", (v, n) => Comparison.Equal(Arithmetic.Binary("%", v, n), BigInteger.Zero)),
        One("defined", v => v is not Undefined),
        One("undefined", v => v is Undefined),
        One("filter", v => Known(v, Filters.Exists)),
        One("test", v => Known(v, Exists)),
        One("none", v => v is null),
        One("boolean", v => v is bool),
        One("false", v => v is false),
        One("true", v => v is true),
        One("integer", v => v is BigInteger),
        One("float", v => v is double),
        One("lower", v => StringMethods.IsLower(Repr.Str(v))),
        One("upper", v => StringMethods.IsUpper(Repr.Str(v))),
        One("string", v => v is string or Markup),
        One("mapping", v => v is PyDict),
        One("number", Arithmetic.IsNumber),
        // Undefined has no __getitem__ that works, but the attribute exists; sets do not occur.
        One("sequence", v => v is string or Markup or PySequence or PyDict or PyRange or Undefined),
        One("iterable", PyType.IsIterable),
        One("callable", v => v is PyCallable or Undefined),
        Two("sameas", "value other", (v, other) => IsSame(v, other)),
        One("escaped", v => v is Markup),
        Two("in", "value seq", (v, seq) => Comparison.Contains(seq, v)),
        .. Operator(["==", "eq", "equalto"], (a, b) => Comparison.Equal(a, b)),
        .. Operator(["!=", "ne"], (a, b) => !Comparison.Equal(a, b)),
        .. Operator([">", "gt", "greaterthan"], (a, b) => Comparison.Ordered(">", a, b)),
        .. Operator([">=", "ge"], (a, b) => Comparison.Ordered(">=", a, b)),
        .. Operator(["<", "lt", "lessthan"], (a, b) => Comparison.Ordered("<", a, b)),
        .. Operator(["<=", "le"], (a, b) => Comparison.Ordered("<=", a, b)),
    ]);

    internal static bool Exists(string name) => Table.ContainsKey(name);

    /// <summary>Calls a test; the first positional argument is the value.</summary>
    internal static object? Call(string name, Arguments arguments)
    {
        RenderBudget.Charge(1);
        return Table.TryGetValue(name, out var test) ? test(arguments) : throw TemplateException.Runtime($"No test named '{name}' found.");
    }

    private static KeyValuePair<string, Func<Arguments, object?>> One(string name, Func<object?, bool> body) =>
        Filters.Define(name, "test_" + name, "value", a => body(a[0]));

    private static KeyValuePair<string, Func<Arguments, object?>> Two(string name, string parameters, Func<object?, object?, bool> body) =>
        Filters.Define(name, "test_" + name, parameters, a => body(a[0], a[1]));

    private static IEnumerable<KeyValuePair<string, Func<Arguments,
        object?>>> Operator(string[] names, Func<object?, object?, bool> body) => names.Select(name =>
        Filters.Raw(name, a =>
        {
            var p = a.Plain("_operator." + name, 2, 2);
            return body(p[0], p[1]);
        }));

    private static bool Known(object? name, Func<string, bool> exists) =>
        name is PyList or PyDict || name is PyDictView { Kind: not "values" }
        ? throw TemplateException.Type($"unhashable type: '{PyType.Name(name)}'") : PyType.AsText(name) is { } text && exists(text);

    /// <summary>Identity. Small integers and equal strings are one object in CPython, so scalars compare by type and value here.</summary>
    private static bool IsSame(object? a, object? b) => a switch
    {
        null or bool or BigInteger or double or string => a?.GetType() == b?.GetType() && Equals(a, b),
        _ => ReferenceEquals(a, b),
    };
}
