using System.CommandLine;
using Tenon.Evaluation.Benchmarks;
using Tenon.Rewards.Data;

namespace Tenon.Cli.Commands;

/// <summary>Fetches benchmark files, checks them, and pins what came.</summary>
internal sealed class DataCommand : Verb
{
    private readonly Argument<string> _action;
    private readonly Argument<string[]> _names;
    private readonly Option<string?> _from;
    private readonly Option<string?> _sha256;
    private readonly Option<string> _output;
    private readonly Option<bool> _force;

    public DataCommand()
        : base("data", "get: fetch benchmark files with a check of their bytes; list: the names that are known", "tenon data list",
        "tenon data get MATH-500 GSM8K",
            "tenon data get mine --from https://example.org/mine.jsonl --sha256 HEX")
    {
        _action = Add(new Argument<string>("ACTION") { Description = "get or list" });
        _action.AcceptOnlyFromAmong("get", "list");
        _names = Add(new Argument<string[]>("NAME") { Description = "benchmarks (get)", Arity = ArgumentArity.ZeroOrMore });
        _from =
            Add(new Option<string?>("--from")
            {
                Description = "the address to fetch one NAME from, instead of the known one",
                HelpName = "URL"
            });
        _sha256 = Add(new Option<string?>("--sha256") { Description = "what the file's SHA-256 must be, in hex", HelpName = "HEX" });
        _output =
            Add(new Option<string>("--output", "-o") { Description = "the folder", HelpName = "DIR", DefaultValueFactory = _ => "data" });
        _force =
            Add(new Option<bool>("--force")
            {
                Description =
            "fetch again and pin anew, although the file is there or was pinned with other bytes"
            });
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        if (call.GetValue(_action) == "list")
        {
            foreach (var known in KnownBenchmark.All) terminal.Out.WriteLine($"{known.Name,-9} {known.File,-16} {known.Url}");
            return 0;
        }

        var names = call.GetValue(_names) ?? [];
        if (names.Length == 0)
            throw new TenonException("tenon data get", "NAME", "none", "tenon data list shows the known ones", usage: true);
        var from = call.GetValue(_from);
        var sha = call.GetValue(_sha256);
        if (names.Length > 1 && (from ?? sha) is not null)
            throw new TenonException("tenon data get --from, --sha256", "one NAME", $"{names.Length}", usage: true);
        if (sha is not null && (sha.Length != 64 || !sha.All(char.IsAsciiHexDigit)))
            throw new TenonException("--sha256", "64 hex digits", sha, usage: true);
        var sources = names.Select(name => from is null ? KnownBenchmark.Find(name) : KnownBenchmark.At(name, from)).ToList();
        foreach (var source in sources)
        {
            var wanted = sha?.ToLowerInvariant() ?? source.Sha256;
            var fetched =
                DataDownload.Get(source.Url, Path.Combine(call.GetValue(_output)!, source.File), wanted, call.GetValue(_force),
                terminal.Interrupt.Token);
            terminal.Out.WriteLine(fetched.Path);
            terminal.Error.WriteLine(
                $"{source.Name}: {fetched.Bytes} bytes, sha256 "
                + $"{fetched.Sha256}{(fetched.WasThere ? ", there already" : wanted is null ? ", pinned in " + DataDownload.LockFile : ", as expected")}");
        }

        return 0;
    }
}
