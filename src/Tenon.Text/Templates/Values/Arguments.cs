namespace Tenon.Text.Templates.Values;

/// <summary>The arguments of a call: positional ones in order, then keywords in order.</summary>
internal sealed class Arguments(List<object?> positional, OrderedDictionary<string, object?>? keywords = null)
{
    internal static Arguments Of(params object?[] values) => new([.. values]);

    internal List<object?> Positional { get; } = positional;

    internal OrderedDictionary<string, object?> Keywords { get; } = keywords ?? [];

    /// <summary>
    /// A function that takes no keywords, and between <paramref name="least"/> and <paramref name="most"/> positional arguments.
    /// </summary>
    internal object?[] Plain(string function, int least, int most)
    {
        if (Keywords.Count > 0) throw TemplateException.Type($"{function}() takes no keyword arguments");
        if (Positional.Count >= least && Positional.Count <= most) return Padded(most);
        var expected = least == most ? Count(least, "exactly ") : Positional.Count < least ? Count(least, "at least ")
            : Count(most, "at most ");
        throw TemplateException.Type($"{function}() takes {expected} ({Positional.Count} given)");

        static string Count(int n, string how) => n == 0 ? "no arguments" : $"{how}{n} argument{(n == 1 ? "" : "s")}";
    }

    private object?[] Padded(int size)
    {
        var result = new object?[size];
        Array.Fill(result, Absent.Value);
        Positional.CopyTo(result);
        return result;
    }
}

/// <summary>Marks a parameter that a call left out.</summary>
internal sealed class Absent
{
    internal static readonly Absent Value = new();

    /// <summary>The argument, or the default where it was left out.</summary>
    internal static object? Or(object? argument, object? fallback) => argument is Absent ? fallback : argument;
}

/// <summary>
/// The parameters of a function written in Python style: <c>"value default= base="</c>, an equals sign where a parameter may be left out.
/// </summary>
internal sealed class Signature
{
    private readonly string _function;
    private readonly string[] _names;
    private readonly int _required;

    internal Signature(string function, string parameters)
    {
        _function = function;
        var parts = parameters.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _names = [.. parts.Select(p => p.TrimEnd('='))];
        _required = parts.Count(p => !p.EndsWith('='));
    }

    /// <summary>One value a parameter, <see cref="Absent"/> where it was left out; Python's TypeErrors otherwise.</summary>
    internal object?[] Bind(Arguments arguments)
    {
        var result = new object?[_names.Length];
        Array.Fill(result, Absent.Value);
        if (arguments.Positional.Count > _names.Length)
        {
            var takes = _required == _names.Length ? $"{_names.Length}" : $"from {_required} to {_names.Length}";
            throw TemplateException.Type(
                $"{_function}() takes {takes} positional argument{(_names.Length == 1 ? "" : "s")} but {arguments.Positional.Count} were "
                + $"given");
        }
        arguments.Positional.CopyTo(result);
        foreach (var (name, value) in arguments.Keywords)
        {
            var at = Array.IndexOf(_names, name);
            if (at < 0) throw TemplateException.Type($"{_function}() got an unexpected keyword argument '{name}'");
            if (result[at] is not Absent) throw TemplateException.Type($"{_function}() got multiple values for argument '{name}'");
            result[at] = value;
        }
        for (var i = 0; i < _required; i++)
            if (result[i] is Absent) throw TemplateException.Type($"{_function}() missing 1 required positional argument: '{_names[i]}'");
        return result;
    }
}
