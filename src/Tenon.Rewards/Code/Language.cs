namespace Tenon.Rewards.Code;

/// <summary>What a recipe's interpreter runs: the file's name, the tags of its code blocks, and how it prints a line.</summary>
/// <param name="Command">The program and its arguments.</param>
/// <param name="Extension">Of the source file.</param>
/// <param name="Tags">Tags of code blocks that hold this language.</param>
/// <param name="Print">A statement that prints <c>{0}</c> on a line of its own; null where it is not known, and assertions then cannot be
/// run.</param>
/// <param name="ReservesMemory">True where the runtime reserves far more addresses than it uses, so that an address limit would stop it at
/// once.</param>
internal sealed record Language(IReadOnlyList<string> Command, string Extension, IReadOnlyList<string> Tags, string? Print,
    bool ReservesMemory)
{
    /// <summary>C# scripts are built by the SDK first, then run.</summary>
    public bool IsCSharp => Extension == ".cs";

    /// <summary>The program's name where the PATH does not have it, or null.</summary>
    public string? Missing => Programs.Find(Command[0]) is null ? Command[0] : null;

    /// <summary>The language that an interpreter's name says.</summary>
    public static Language Of(string interpreter)
    {
        var command = interpreter.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var name = Path.GetFileName(command[0]).TrimEnd(".0123456789".ToCharArray()).ToLowerInvariant();
        return name switch
        {
            "python" or "pypy" => new(command, ".py", ["python", "py", "python3"], "print('\\n{0}', flush=True)", false),
            "node" or "nodejs" or "deno" or "bun" =>
                new(command, ".js", ["javascript", "js", "node", "typescript", "ts"], "console.log('\\n{0}');", true),
            "dotnet" => new(["dotnet"], ".cs", ["csharp", "cs", "c#"], "System.Console.WriteLine(\"\\n{0}\");", true),
            "ruby" => new(command, ".rb", ["ruby", "rb"], "puts \"\\n{0}\"", false),
            "perl" => new(command, ".pl", ["perl", "pl"], "print \"\\n{0}\\n\";", false),
            "lua" or "luajit" => new(command, ".lua", ["lua"], "print('\\n{0}')", false),
            "sh" or "bash" or "dash" or "zsh" => new(command, ".sh", ["sh", "bash", "shell", "zsh"], "printf '\\n%s\\n' {0}", false),
            _ => new(command, "", [name], null, true),
        };
    }
}
