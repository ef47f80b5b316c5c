using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Cli.Commands.Options;
using Tenon.Models.Generation;
using Tenon.Models.Layers;
using Tenon.Models.Weights;
using Tenon.Rewards.Data;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Tensors.Ops;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Cli.Commands;

/// <summary>
/// Times a stage on the workload that other stacks are timed on: the first P problems of a file through the chat template, G completions
/// each of exactly N tokens.
/// </summary>
internal sealed class BenchCommand : Verb
{
    private readonly Argument<string> _stage;
    private readonly Argument<string?> _model;
    private readonly Option<string?> _data;
    private readonly Option<int> _prompts;
    private readonly Option<int> _group;
    private readonly Option<int> _tokens;
    private readonly Option<int> _rank;
    private readonly Option<string> _method;
    private readonly Option<int> _runs;
    private readonly Option<int?> _micro;
    private readonly Option<string> _speculation;
    private readonly Option<double> _temperature;
    private readonly Option<bool> _ends;
    private readonly Option<string> _keep;
    private readonly Option<int[]> _lengths;
    private readonly Option<bool> _thisTier;
    private readonly Option<bool> _profile;
    private readonly Option<bool> _json;
    private readonly ComputeOptions _compute;

    public BenchCommand()
        : base("bench", "times a stage: kernels, prefill, sample, context, train, step, verify", "tenon bench kernels",
        "tenon bench sample MODEL --data gsm8k.jsonl --prompts 4 --group 8 --new 128 --json")
    {
        _stage =
            Add(new Argument<string>(
            "STAGE")
            {
                Description =
            "prefill, sample, context, train, step, kernels (of SmolLM2-135M's sizes where no model is named), or verify"
            });
        _stage.AcceptOnlyFromAmong("kernels", "prefill", "sample", "context", "train", "step", "verify");
        _model =
            Add(new Argument<string?>("MODEL")
            {
                Arity = ArgumentArity.ZeroOrOne,
                Description = "a Hugging Face folder, a .gguf file, or tiny"
            });
        _data =
            Add(new Option<string?>(
            "--data")
            {
                Description =
            "a JSONL file of problems (prefill, sample, train, step); verify judges its golds (a built-in set without it)"
            });
        _prompts = Add(new Option<int>("--prompts") { Description = "problems", DefaultValueFactory = _ => 4 });
        _group = Add(new Option<int>("--group") { Description = "completions of each", DefaultValueFactory = _ => 8 });
        _tokens = Add(new Option<int>("--new") { Description = "tokens of each completion", DefaultValueFactory = _ => 128 });
        _rank = Add(new Option<int>("--rank") { Description = "rank of the adapter", DefaultValueFactory = _ => 16 });
        _method = Add(new Option<string>("--method")
        {
            Description = "adapter method, or none (prefill, sample, context)",
            DefaultValueFactory = _ => "lora",
        });
        _runs = Add(new Option<int>("--runs") { Description = "runs; the best counts", DefaultValueFactory = _ => 3 });
        _micro =
            Add(new Option<int?>("--micro-batch-tokens")
            {
                Description = "most tokens of one training pass; without it as many as fit in twice the memory of the weights",
            });
        _speculation = Add(new Option<string>("--speculation")
        {
            Description = "sample, step: auto tries several tokens at a time where few completions are alive, off never",
            DefaultValueFactory = _ => "auto",
        });
        _speculation.AcceptOnlyFromAmong("auto", "off");
        _temperature = Add(new Option<double>("--temperature") { Description = "sample: 0 is greedy", DefaultValueFactory = _ => 1 });
        _ends = Add(new Option<bool>("--ends")
        {
            Description = "sample: completions end where the model ends them, after N tokens at the latest",
        });
        _keep =
            Add(new Option<string>("--keep-activations")
            {
                Description = "step: memory in which sampling keeps its frozen products for the update (2GB), or off",
                DefaultValueFactory = _ => "off",
            });
        _lengths = Add(new Option<int[]>("--length")
        {
            Description = "context: lengths of the prompts behind which N steps are timed",
            DefaultValueFactory = _ => [256, 512, 1024, 2048, 4096], AllowMultipleArgumentsPerToken = true,
        });
        _thisTier = Add(new Option<bool>("--this-tier") { Description = "kernels: only in the widest vectors, not in every width" });
        _profile =
            Add(new Option<bool>("--profile")
            {
                Description =
            "prefill, sample, train, step: where the time of one run goes, part by part, against the machine's limits"
            });
        _json = Add(new Option<bool>("--json") { Description = "one JSON line" });
        _compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        _compute.Apply(call);
        foreach (var (option, value) in new[] { _prompts, _group, _tokens, _rank, _runs }.Select(o => ((Option)o, call.GetValue(o)))
            .Append((_micro, call.GetValue(_micro) ?? 1)))
            if (value < 1) throw new TenonException(option.Name, "1 or more", $"{value}", usage: true);
        var name = call.GetValue(_stage)!;
        if (name == "verify")
            return Show(BenchVerify.Measure(call.GetValue(_runs), Tenon.Tensors.Threads.WorkerPool.Default.Threads, call.GetValue(_data)),
                call, terminal);
        if (name == "kernels") return Kernels(call, terminal);
        if (name == "context") return Context(call, terminal);
        if (call.GetValue(_model) is null || call.GetValue(_data) is null)
            throw new TenonException($"tenon bench {name}", "MODEL and --data FILE", hint: "tenon bench --help", usage: true);
        var precision = _compute.Precision(call);
        var loaded = LanguageModel.Open(call.GetValue(_model)!, precision, 2048 + call.GetValue(_tokens));
        var problems = ProblemFile.Read(call.GetValue(_data)!).Problems.Take(call.GetValue(_prompts)).ToList();
        var ids = problems.Select(new ProblemPrompts(loaded.Encoder, "boxed").Of).Select(p => p.Prompt).ToList();
        using var adapter = Adapter(call, loaded);
        var keep = ByteSize.Parse(call.GetValue(_keep)!)
            ?? throw new TenonException("--keep-activations", "off, or a size (512MB, 2GB)", call.GetValue(_keep), usage: true);
        using var kept = keep.Bytes == 0 ? null : new KeptProducts(loaded.Model.Linears.Select(linear => linear.Weight), keep.Bytes);
        var generator = new Generator(loaded.Model, new GeneratorOptions
        {
            Concurrency = ids.Count * call.GetValue(_group), Precision = precision, Speculate = call.GetValue(_speculation) == "auto",
            Sampling = new SamplingSettings { Temperature = name == "sample" ? call.GetValue(_temperature) : 1 },
            EndTokens = call.GetValue(_ends) && name == "sample" ? loaded.EndTokens : new HashSet<int>(), Kept = kept,
        });
        var work = Work(name, call, loaded, ids, adapter, generator, kept);
        work();
        if (call.GetValue(_profile)) return Profile(name, () => work(), precision, call, terminal);
        var best = double.PositiveInfinity;
        var (count, drafted, accepted) = (0L, 0L, 0L);
        for (var i = 0; i < call.GetValue(_runs); i++)
        {
            var (draftedBefore, acceptedBefore) = (generator.DraftedTokens, generator.AcceptedTokens);
            var clock = Stopwatch.StartNew();
            count = work();
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
            (drafted, accepted) = (generator.DraftedTokens - draftedBefore, generator.AcceptedTokens - acceptedBefore);
        }

        return Show(Result(name, best, precision, r =>
        {
            r["tokens_per_s"] = Math.Round(count / best, 2);
            if (name != "sample") return;
            r["tokens"] = count;
            // Of the last run; what the runs before it have taught says what is tried.
            (r["drafted_tokens"], r["accepted_tokens"]) = (drafted, accepted);
        }), call, terminal);
    }

    private int Context(ParseResult call, Terminal terminal)
    {
        if (call.GetValue(_model) is not { } model)
            throw new TenonException("tenon bench context", "MODEL", hint: "tenon bench --help", usage: true);
        int[] lengths = [.. call.GetValue(_lengths)!.Order()];
        if (lengths is [] or [< 1, ..]) throw new TenonException("--length", "1 or more", string.Join(' ', lengths), usage: true);
        var precision = _compute.Precision(call);
        var loaded = LanguageModel.Open(model, precision, lengths[^1] + call.GetValue(_tokens) + 2);
        using var adapter = Adapter(call, loaded);
        var clock = Stopwatch.StartNew();
        var measured = BenchContext.Measure(loaded, adapter, precision, call.GetValue(_prompts), call.GetValue(_group),
            call.GetValue(_tokens), lengths);
        if (!call.GetValue(_json)) BenchContext.Write(measured, terminal.Out);
        return Show(Result("context", clock.Elapsed.TotalSeconds, precision, r =>
        {
            foreach (var (key, value) in measured)
                if (call.GetValue(_json) || value is not JsonArray) r[key] = value?.DeepClone();
        }), call, terminal);
    }

    // Null for the model alone.
    private AdapterSet? Adapter(ParseResult call, LanguageModel loaded)
    {
        var (method, stage) = (call.GetValue(_method)!, call.GetValue(_stage)!);
        if (method != "none")
            return AdapterMethod.Of(method).Create(loaded.Model, new AdapterSettings { Method = method, Rank = call.GetValue(_rank) });
        return stage is not ("train" or "step") ? null
            : throw new TenonException($"tenon bench {stage}", "an adapter method, which is what is trained", "--method none",
                "tenon methods lists them", usage: true);
    }

    private int Profile(string name, Action work, Precision precision, ParseResult call, Terminal terminal)
    {
        var measured = BenchProfile.Measure(work, precision);
        if (!call.GetValue(_json)) BenchProfile.Write(measured, terminal.Out);
        return Show(Result(name, (double)measured["seconds"]!, precision, r =>
        {
            if (call.GetValue(_json)) r["profile"] = measured;
        }), call, terminal);
    }

    /// <summary>What every stage answers: time, the stage's own figures, peak memory, and where it was measured.</summary>
    private static JsonObject Result(string name, double seconds, Precision precision, Action<JsonObject> figures)
    {
        var result = new JsonObject { ["stage"] = name, ["seconds"] = Math.Round(seconds, 4) };
        figures(result);
        result["memory_gb"] = Math.Round(ProcessMemory.PeakBytes() / 1e9, 3);
        result["threads"] = Tenon.Tensors.Threads.WorkerPool.Default.Threads;
        result["precision"] = precision.Word();
        result["cpu"] = CpuName();
        result["tier"] = precision.Tier();
        if (precision.IsInt8()) result["int8_kernels"] = Numerics.Int8Kernels;
        return result;
    }

    private int Kernels(ParseResult call, Terminal terminal)
    {
        var clock = Stopwatch.StartNew();
        var precision = _compute.Precision(call);
        var shapes = BenchKernels.Usual;
        if (call.GetValue(_model) is { } name)
        {
            using var source = ModelSource.Open(name);
            shapes = BenchKernels.Of(source.Config);
        }

        var kernels = BenchKernels.Measure(shapes, precision, call.GetValue(_runs));
        if (!call.GetValue(_thisTier))
            BenchKernels.AddNarrower(kernels,
                ["bench", "kernels", .. call.GetValue(_model) is { } m ? (string[])[m]
                : [], "--this-tier", "--json", "--runs", $"{call.GetValue(_runs)}",
                "--threads", $"{Tenon.Tensors.Threads.WorkerPool.Default.Threads}", "--precision", precision.Word()]);
        if (!call.GetValue(_json)) BenchKernels.Write(kernels, terminal.Out);
        return Show(Result("kernels", clock.Elapsed.TotalSeconds, precision, r =>
        {
            if (call.GetValue(_json)) r["kernels"] = kernels;
        }), call, terminal);
    }

    private int Show(JsonObject result, ParseResult call, Terminal terminal)
    {
        var width = result.Max(pair => pair.Key.Length);
        if (call.GetValue(_json)) terminal.Out.WriteLine(result.ToJsonString());
        else
            foreach (var (key, value) in result) terminal.Out.WriteLine($"{key.PadRight(width)} {value}");
        return 0;
    }

    // The work, which gives the number of its tokens.
    private Func<long> Work(string name, ParseResult call, LanguageModel loaded, List<int[]> ids, AdapterSet? adapter, Generator generator,
        KeptProducts? kept)
    {
        var (samples, length) = (call.GetValue(_group), call.GetValue(_tokens));
        var precision = _compute.Precision(call);
        var requests =
            ids.Select((p, i) =>
            new GenerationRequest(p, samples, length, new RandomPlace(1, RandomPurpose.Sampling, 0, (uint)i)) { Adapter = adapter })
            .ToList();
        var tokens = call.GetValue(_micro) ?? MemoryPlan.MicroBatchTokens(loaded.Model.Config, loaded.Model.WeightBytes,
            ids.Max(i => i.Length) + length);
        var tape = new Tape(null, precision);
        var updater = new PolicyUpdater(loaded.Model, 1, new PassOptions(tokens), tape);
        var optimizer = new Lazy<AdapterOptimizer>(() => new(adapter!, new OptimizerSettings { LearningRate = 1e-5 }, 1000));
        var fixedGroups = new Lazy<List<RolloutGroup>>(() => Groups(ids, samples, length, loaded.Model.Config.VocabSize));
        return name switch
        {
            "prefill" => Prompts,
            "sample" => () => generator.Generate(requests).Sum(s => (long)s.Ids.Length),
            "train" => () => Step(fixedGroups.Value),
            _ => SampleAndStep,
        };

        long Prompts()
        {
            // One workspace for all runs, as a sampler keeps it.
            tape.Reset();
            Prefill(loaded, ids, adapter, tape);
            return ids.Sum(i => i.Length);
        }

        long SampleAndStep()
        {
            kept?.Begin();
            var groups = FromSamples(ids, generator.Generate(requests));
            if (kept is not null) kept.MayTake = true;
            Step(groups);
            kept?.Drop();
            return (long)ids.Count * samples * length;
        }

        long Step(List<RolloutGroup> groups)
        {
            Train(updater, optimizer.Value, adapter!, groups);
            return (long)ids.Count * samples * length;
        }
    }

    private static void Prefill(LanguageModel loaded, List<int[]> ids, AdapterSet? adapter, Tape tape) =>
        loaded.Model.Forward(tape, TokenBatch.Of([.. ids.SelectMany(i => i)], Runs(ids), adapter));

    private static TokenRun[] Runs(List<int[]> ids)
    {
        var start = 0;
        return [.. ids.Select(i => { var run = new TokenRun(start, i.Length, 0); start += i.Length; return run; })];
    }

    /// <summary>One optimizer step: forward, loss on the completion tokens, backward, AdamW.</summary>
    internal static void Train(PolicyUpdater updater, AdapterOptimizer optimizer, AdapterSet adapter, List<RolloutGroup> groups)
    {
        updater.AccumulateWeighted(groups, adapter, (row, _) => row % 2 == 0 ? 1 : -1);
        optimizer.Step();
    }

    /// <summary>Completions of random tokens, as the other stacks' step is timed on.</summary>
    internal static List<RolloutGroup> Groups(List<int[]> ids, int samples, int length, int vocabulary)
    {
        var key = new RandomKey(7);
        return [.. ids.Select((p, i) =>
            new RolloutGroup(new Tenon.Rewards.Problem($"{i}", "", ""), i, p,
            [.. Enumerable.Range(0, samples).Select(s => Group(s, [.. Enumerable.Range(0, length)
            .Select(t => key.Index(vocabulary, RandomPurpose.Sampling, 0, (uint)i, (uint)s, (uint)t))]))]))];
    }

    private static List<RolloutGroup> FromSamples(List<int[]> ids, IReadOnlyList<GeneratedSample> samples) =>
        [.. ids.Select((p, i) =>
        new RolloutGroup(new Tenon.Rewards.Problem($"{i}", "", ""), i, p,
        [.. samples.Where(s => s.Request == i).Select(s => new Rollout(s, "", []))]))];

    private static Rollout Group(int sample, int[] ids) => new(new GeneratedSample(0, sample, ids, [], [], FinishReason.Length), "", []);

    private static string CpuName()
    {
        const string file = "/proc/cpuinfo";
        var line = File.Exists(file) ? SharedFile.ReadLines(file).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString();
    }
}
