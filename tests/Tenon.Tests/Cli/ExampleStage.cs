using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>
/// What the examples of <c>--help</c> name, made once: runs of the embedded model, adapters, files of lines. Words of an example become
/// paths of it; work that would take minutes is cut by options at its end.
/// </summary>
public sealed partial class ExampleStage : IDisposable
{
    /// <summary>Calls that cannot be run here, each with its reason.</summary>
    public static readonly IReadOnlyDictionary<string, string> NotRun = new Dictionary<string, string>
    {
        ["tenon data get MATH-500 GSM8K"] = "fetches from another machine",
        ["tenon data get mine --from https://example.org/mine.jsonl --sha256 HEX"] = "fetches from another machine",
        ["tenon verify --serve 127.0.0.1:8123"] = "serves until it is stopped",
        ["tenon worker --cluster 127.0.0.1:7700"] = "works until it is stopped",
        ["tenon worker --cluster 127.0.0.1:7700 --dashboard 8080"] = "works until it is stopped",
        ["tenon worker --cluster 10.0.0.1:7700 --listen 10.0.0.2 --secret-file secret"] = "works until it is stopped, on another machine",
        ["tenon study --join /shared/perl-tiny"] = "joins the machines of a study that runs",
        ["tenon bench kernels"] = "measures in further processes of the program (BenchCommandTests does it with little work)",
        ["tenon chat MODEL --template-arg enable_thinking=false"] = "needs a model whose chat template knows the variable",
        ["tenon model export model.gguf exported --dtype bf16"] = "needs a GGUF file",
    };

    private static readonly Dictionary<string, string> S_files = new()
    {
        ["lines.jsonl"] = """{"text":"1+1=","prompt":"1+1=","completion":"2"}""",
        ["prompts.jsonl"] = """{"prompt":"1+1=?"}""",
        ["conversations.jsonl"] = """{"messages":[{"role":"user","content":"1+1=?"}]}""",
        ["cases.jsonl"] = """{"template":"{{ messages[0].content }}","messages":[{"role":"user","content":"1+1=?"}]}""",
        ["answers.jsonl"] = """{"gold":"2","answer":"\\boxed{2}"}""",
        ["batch/answers.jsonl"] = """
            {"id":"r1","custom_id":"p1","response":{"status_code":200,"body":{"choices":[{"index":0,"message":{"content":"\\boxed{2}"}}]}},"error":null}
            """,
        ["samples_gsm8k.jsonl"] = """
            {"doc_id":0,"doc":{"question":"1+1?","answer":"#### 2"},"target":"#### 2","resps":[["\\boxed{3}"]],"filtered_resps":["3"],"filter":"strict-match","metrics":["exact_match"],"exact_match":0.0}
            """,
        ["scores.jsonl"] = """
            {"run":"base","problem":"p1","score":1}
            {"run":"base","problem":"p2","score":0}
            {"run":"other","problem":"p1","score":1}
            {"run":"other","problem":"p2","score":1}
            """,
        ["data/train.jsonl"] = """{"id":"p1","problem":"1+1=?","answer":"2"}""",
        ["data/gsm8k.jsonl"] = """
            {"id":"p1","problem":"1+1=?","answer":"2"}
            {"id":"p2","problem":"2+2=?","answer":"4"}
            """,
        ["data/MATH-500.jsonl"] = """{"id":"p1","problem":"1+1=?","answer":"2"}""",
        ["data/aime24.jsonl"] = """{"id":"p1","problem":"1+1=?","answer":"2"}""",
        ["wiki.txt"] = "1+1=2\n",
        ["config.json"] = """
            {"model_type":"qwen2","hidden_size":16,"intermediate_size":32,"num_hidden_layers":1,"num_attention_heads":2,
            "num_key_value_heads":2,"vocab_size":300,"max_position_embeddings":64,"tie_word_embeddings":true}
            """,
    };

    private readonly TempFolder _folder = new();
    private int _outputs;

    public ExampleStage()
    {
        foreach (var (name, text) in S_files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
            File.WriteAllText(_folder[name], text + "\n");
        }

        File.WriteAllText(_folder["first.yaml"], """
            model: tiny
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            rollout: { prompts: 4, group: 4, max-new-tokens: 12 }
            evaluate: { benchmarks: [held-out@1], problems: 4, every: 1 }
            steps: 2
            """);
        foreach (var (run, seed) in new[] { ("first", 1), ("lora-1", 1), ("lora-2", 2), ("dora-1", 1), ("dora-2", 2) })
            Done("train", _folder["first.yaml"], "--output", _folder[$"runs/{run}"], "--seed", $"{seed}", "--set",
                $"adapter.method={(run.StartsWith("dora", StringComparison.Ordinal) ? "dora" : "lora")}");
        foreach (var (name, extra) in new[] { ("base", Array.Empty<string>()), ("adapter", ["--adapter", Adapter]) })
            Done(["eval", "tiny", "--benchmark", "gsm8k@2", "--data", _folder["data"], "--max-new-tokens", "8", "--output",
                _folder[$"eval/{name}"], .. extra]);
        Done("adapter", "merge", Adapter, "--model", "tiny", "--output", _folder["trained"]);
        Done(["pretrain", Repository.Path("recipes/tiny-pretrain.yaml"), "--output", _folder["runs/tiny"], .. S_shortPretrain]);
        Done(["study", Study(), "--output", _folder["runs/perl-tiny"], "--jobs", "1"]);
    }

    private static readonly string[] S_shortPretrain = ["--set", "steps=1", "--set", "batch=2", "--set", "stop.problems=2"];

    private string Adapter => _folder["runs/first/checkpoints/2"];

    /// <summary>The call of an example, with what it needs from standard input; null where it cannot be run.</summary>
    public (string Input, string[] Words)? CallOf(string example, string[] words)
    {
        if (NotRun.ContainsKey(example)) return null;
        var call = words.Select((word, i) => Word(word, i > 0 ? words[i - 1] : "", words[0])).ToArray();
        if (words[0] == "stats" && words.Contains("answers.jsonl"))
            call[Array.IndexOf(words, "answers.jsonl")] = _folder["batch/answers.jsonl"];
        string[] less = words[0] switch
        {
            "train" when !words.Contains("--resume") => ["--set", "steps=1", "--set", "rollout.prompts=2", "--set", "evaluate.problems=2"],
            "quickstart" => ["--set", "steps=1", "--set", "evaluate.problems=4", "--output", Output()],
            "pretrain" when !words.Contains("--resume") => S_shortPretrain,
            "eval" when !words.Contains("--run") =>
                ["--max-new-tokens", "8", "--output", Output(), .. words.Contains("--data") ? [] : new[] { "--data", _folder["data"] }],
            "eval" => ["--output", Output()],
            "generate" => ["--max-new-tokens", "4"],
            _ => [],
        };
        return (words[0] == "chat" ? "1+1=?\n" : words.Contains("-") ? S_files["answers.jsonl"] + "\n" : "", [.. call, .. less]);
    }

    private string Word(string word, string before, string verb) => word switch
    {
        "MODEL" => "tiny",
        "DIR" => Adapter,
        "TRAINED" => _folder["trained"],
        "40" when before == "--step" => "2",
        "p7" => RunProblem(),
        "data" when before == "--data" => _folder["data"],
        "gsm8k.jsonl" => _folder["data/gsm8k.jsonl"],
        "studies/perl-tiny.yaml" => Study(),
        _ when before is "--output" or "--csv" or "--tensorboard" or "--report" or "-o" => Output(Path.GetExtension(word)),
        _ when word is "random" or "exported" && verb == "model" && before is not "model" => Output(),
        _ when word.StartsWith("recipes/", StringComparison.Ordinal) => Repository.Path(word),
        _ when CheckpointPath().IsMatch(word) => Adapter,
        _ when word.Contains("runs/", StringComparison.Ordinal) || word.StartsWith("eval/", StringComparison.Ordinal) =>
            RunPath().Replace(word, match => _folder[match.Value is "runs/lora" or "runs/dora" ? match.Value + "-1" : match.Value]),
        _ when S_files.ContainsKey(word) => _folder[word],
        _ => word,
    };

    private string RunProblem() =>
        (string)JsonNode.Parse(File.ReadLines(Directory.GetFiles(_folder["runs/first/samples"])[0]).First())!["id"]!;

    private string Study()
    {
        File.WriteAllText(_folder["study.yaml"], """
            base:
              model: tiny
              data: { task: { name: arithmetic, level: 2 }, prompt: plain }
              rollout: { prompts: 2, group: 2, max-new-tokens: 8 }
              evaluate: { benchmarks: [held-out@1], problems: 4 }
              steps: 1
            axes: { adapter: [{ method: lora }, { method: dora }] }
            seeds: [1, 2]
            """);
        return _folder["study.yaml"];
    }

    private string Output(string ending = "") => _folder[$"out/{++_outputs}{ending}"];

    private static void Done(params string[] words)
    {
        var call = Call.Tenon(words);
        call.Exit.ShouldBe(0, $"{string.Join(' ', words)}: {call.Error}");
    }

    public void Dispose() => _folder.Dispose();

    [GeneratedRegex("^runs/[^/]+/checkpoints/[0-9]+$")]
    private static partial Regex CheckpointPath();

    [GeneratedRegex("(runs|eval)/[A-Za-z0-9-]+")]
    private static partial Regex RunPath();
}
