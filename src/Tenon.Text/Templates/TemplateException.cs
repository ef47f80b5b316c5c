namespace Tenon.Text.Templates;

/// <summary>
/// A template that cannot be read or rendered. <see cref="Kind"/> names the error as Jinja and Python name it:
/// <c>TemplateSyntaxError</c>, <c>TemplateAssertionError</c>, <c>TemplateError</c> (from <c>raise_exception</c>),
/// <c>UndefinedError</c>, <c>SecurityError</c>, <c>TemplateRuntimeError</c>, <c>TypeError</c>, <c>ValueError</c> ...
/// </summary>
public sealed class TemplateException : Exception
{
    /// <summary>Makes an error of a kind; <paramref name="line"/> counts template lines from 1, 0 where unknown.</summary>
    public TemplateException(string kind, string message, int line = 0, Exception? inner = null) : base(message, inner)
    {
        Kind = kind;
        Line = line;
    }

    /// <summary>The error's name in Jinja or Python.</summary>
    public string Kind { get; }

    /// <summary>The line of the template, from 1; 0 where it is not known.</summary>
    public int Line { get; }

    internal static TemplateException Syntax(string message, int line) => new("TemplateSyntaxError", message, line);

    internal static TemplateException Assertion(string message, int line) => new("TemplateAssertionError", message, line);

    internal static TemplateException Runtime(string message) => new("TemplateRuntimeError", message);

    internal static TemplateException Type(string message) => new("TypeError", message);

    internal static TemplateException Value(string message) => new("ValueError", message);

    internal static TemplateException Security(string message) => new("SecurityError", message);

    internal static TemplateException FilterArgument(string message) => new("FilterArgumentError", message);

    /// <summary>A part of Jinja that is left out on purpose; the message names it.</summary>
    internal static TemplateException Unsupported(string construct, int line = 0) =>
        new("TemplateRuntimeError", $"{construct} is not supported in chat templates", line);
}
