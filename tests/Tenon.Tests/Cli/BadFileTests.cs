using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>
/// Every verb, given each kind of bad file: a message that names the file, exit code 1 or 2, no words of .NET's own and no defect report.
/// </summary>
public sealed class BadFileTests : IDisposable
{
    private static readonly string[] S_kinds = ["missing", "empty", "folder", "binary", "cut", "utf16", "json-list", "no-rights"];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Calls() =>
    [
        "train FILE", "train --resume FILE", "pretrain FILE", "pretrain --resume FILE", "generate FILE x", "generate tiny --input FILE",
            "generate tiny x --adapter DIR",
        "chat FILE", "chat tiny --adapter DIR", "score FILE --input GOOD", "score tiny --input FILE",
            "score tiny --adapter DIR --input GOOD", "eval tiny --benchmark FILE@1",
        "eval FILE --benchmark GOOD@1", "eval tiny --adapter DIR --benchmark GOOD@1", "tokenize FILE --input GOOD",
            "tokenize tiny --input FILE", "render FILE --input GOOD", "render tiny --input FILE",
        "render --template FILE --input GOOD", "verify --input FILE", "verify --audit FILE", "verify --steps --input FILE",
            "adapter inspect DIR", "adapter merge DIR --model tiny --output OUT",
        "adapter to-lora DIR --model tiny --output OUT", "adapter convert DIR --output OUT", "model inspect FILE", "model export FILE OUT",
            "model random --like FILE OUT", "methods --model FILE",
        "report FILE", "bench prefill FILE --data GOOD", "bench prefill tiny --data FILE", "spectra FILE --adapter DIR",
            "spectra tiny --adapter DIR", "spectra tiny --run DIR", "stats --input FILE", "compare FILE GOOD", "compare DIR DIR",
        "quickstart --set data.train=FILE --set data.task=null --output OUT",
    ];

    [Theory, MemberData(nameof(Calls))]
    public void A_bad_file_ends_cleanly(string call)
    {
        File.WriteAllText(_folder["good.jsonl"],
            "{\"problem\":\"1+1=?\",\"answer\":\"2\",\"prompt\":\"1+1=?\",\"completion\":\"2\",\"text\":\"1\"}\n");
        foreach (var kind in S_kinds)
        {
            var (file, adapter) = (Make(kind), MakeAdapter(kind));
            if (file is null || adapter is null) continue;
            var args = call.Split(' ')
                .Select(word => word.Replace("FILE", file, StringComparison.Ordinal).Replace("DIR", adapter, StringComparison.Ordinal)
                .Replace("OUT", _folder["out"], StringComparison.Ordinal).Replace("GOOD", _folder["good.jsonl"], StringComparison.Ordinal))
                .ToArray();
            var made = Call.Tenon(args);
            var what = $"{call} with a file that is {kind}: exit {made.Exit}\n{made.Error}\n{made.Out}";
            made.Exit.ShouldBeOneOf([0, 1, 2], what);
            // Verbs that answer line by line answer a bad line and go on.
            if (made.Exit == 0) (call.StartsWith("tokenize") || call.StartsWith("render") || call.StartsWith("verify")).ShouldBeTrue(what);
            else (made.Error + made.Out).ShouldNotBeNullOrWhiteSpace(what);
            foreach (var word in
                (string[])["has no words for", "   at Tenon", "LineNumber", "BytePosition", "System.", "Object reference",
                "Access to the path"])
                (made.Error + made.Out).ShouldNotContain(word, Case.Sensitive, what);
            Directory.Exists(_folder["out"]).ShouldBeFalse(what);
        }
    }

    private string? Make(string kind)
    {
        var path = _folder[$"{kind}.jsonl"];
        switch (kind)
        {
            case "missing": break;
            case "folder": Directory.CreateDirectory(path); break;
            case "empty": File.WriteAllText(path, ""); break;
            case "binary": File.WriteAllBytes(path, [.. Enumerable.Range(0, 4000).Select(i => (byte)(i * 37 + 200))]); break;
            case "cut": File.WriteAllText(path, "{\"problem\": \"1+1"); break;
            case "utf16": File.WriteAllText(path, "{\"problem\": \"1\"}\n", System.Text.Encoding.Unicode); break;
            case "json-list": File.WriteAllText(path, "[1, 2"); break;
            default: return NoRights(path, () => File.WriteAllText(path, "{}"));
        }

        return path;
    }

    private string? MakeAdapter(string kind)
    {
        var path = _folder[$"adapter-{kind}"];
        if (kind == "missing" || Directory.Exists(path)) return path;
        Directory.CreateDirectory(path);
        if (kind == "folder") return path;
        var (config, tensors) = (Path.Combine(path, "adapter_config.json"), Path.Combine(path, "adapter_model.safetensors"));
        var source = Make(kind);
        if (source is null) return null;
        if (Directory.Exists(source) || kind == "no-rights") return path;
        File.Copy(source, config);
        File.Copy(source, tensors);
        return path;
    }

    private static string? NoRights(string path, Action write)
    {
        write();
        if (OperatingSystem.IsWindows()) return null;
        File.SetUnixFileMode(path, UnixFileMode.None);
        try
        {
            using var open = File.OpenRead(path);
            // Whoever may read everything cannot be refused.
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return path;
        }
    }
}
