using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Cli.Commands.Lines;
using Tenon.Cli.Commands.Options;
using Tenon.Cli.Display;
using Tenon.Evaluation.Benchmarks;
using Tenon.Evaluation.Statistics;
using Tenon.Evaluation.Texts;
using Tenon.Models.Config;
using Tenon.Models.Generation;
using Tenon.Recipes;
using Tenon.Rewards;
using Tenon.Rewards.Data;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Runs.Evaluations;
using Tenon.Text.Prompting;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Cli.Commands;

/// <summary>
/// avg@k, pass@k and maj@k of a model on benchmarks, with intervals; each finished sample is on disk at once, and the same call goes on
/// where it stopped.
/// </summary>
internal sealed class EvalCommand : Verb
{
    private readonly Argument<string?> _model;
    private readonly Option<string?> _adapter;
    private readonly Option<string?> _benchmark;
    private readonly Option<string> _data;
    private readonly Option<string?> _output;
    private readonly Option<string?> _run;
    private readonly Option<int?> _limit;
    private readonly Option<int?> _samples;
    private readonly Option<string?> _problemColumn;
    private readonly Option<string?> _answerColumn;
    private readonly Option<string?> _idColumn;
    private readonly Option<int?> _concurrency;
    private readonly Option<bool> _json;
    private readonly Option<bool> _forgetting;
    private readonly TextEvalOptions _texts;
    private readonly EvalOptions _options;
    private readonly TextOptions _text;
    private readonly ComputeOptions _compute;

    public EvalCommand()
        : base("eval", "avg@k, pass@k and maj@k on benchmarks, with intervals",
        "tenon eval MODEL --adapter DIR --benchmark gsm8k@4 --data data",
            "tenon eval MODEL --benchmark MATH-500@4,aime24@32 --protocol paper-scripts",
            "tenon eval --run runs/first --adapter runs/first/checkpoints/50",
            "tenon eval MODEL --adapter DIR --text wiki.txt --benchmark gsm8k@1 --forgetting")
    {
        _model =
            Add(new Argument<string?>("MODEL")
            {
                Description = "a Hugging Face folder, a .gguf file, or tiny; the run's with --run",
                Arity = ArgumentArity.ZeroOrOne
            });
        _adapter = Add(new Option<string?>("--adapter") { Description = "an adapter folder" });
        _benchmark =
            Add(new Option<string?>(
            "--benchmark")
            { Description = "NAME@K[,NAME@K...]: a data file, or the name of one in the data folder; K samples a problem" });
        _data = Add(new Option<string>("--data") { Description = "the folder of benchmark files", DefaultValueFactory = _ => "data" });
        _output =
            Add(new Option<string?>("--output",
            "-o")
            {
                Description =
            "the folder of results; by default one in eval/ that is named by the benchmark and all that decides its figures"
            });
        _run =
            Add(new Option<string?>(
            "--run")
            {
                Description =
            "evaluate as this run evaluates itself: its model, benchmarks, prompt, sampling, rewards, seed; other options change them"
            });
        _limit = Add(new Option<int?>("--problems") { Description = "only the first so many problems" });
        _samples = Add(new Option<int?>("--samples") { Description = "samples a problem of benchmarks without @K" });
        _problemColumn =
            Add(new Option<string?>(
            "--problem-column")
            {
                Description =
            "the column of the question or of the messages, nested ones by a dotted path; the usual names by default"
            });
        _answerColumn = Add(new Option<string?>("--answer-column") { Description = "the column of the gold" });
        _idColumn = Add(new Option<string?>("--id-column") { Description = "the column of the id" });
        _forgetting = Add(new Option<bool>("--forgetting")
        {
            Description = "evaluate the model without the adapter too, and say what the adapter has changed: what it has forgotten",
        });
        _texts = new TextEvalOptions(this);
        _options = new EvalOptions(this);
        _text = new TextOptions(this);
        _concurrency =
            Add(new Option<int?>("--concurrency")
            {
                Description =
            "samples side by side; as many as fit by default (results do not depend on it)"
            });
        _json = Add(new Option<bool>("--json") { Description = "one JSON line a benchmark" });
        _compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        _compute.Apply(call);
        var (recipe, home) = call.GetValue(_run) is { } run ? Recipe(run, terminal) : (null, RunHome.Here);
        if (call.GetValue(_adapter) is null && call.GetValue(_model) is null) TellOfAdapter(call.GetValue(_run), terminal);
        var name = call.GetValue(_model) ?? (recipe is null ? null : home.PathOf(recipe.Model))
            ?? throw new TenonException("tenon eval", "a MODEL, or --run DIR", "neither", usage: true);
        if (call.GetValue(_concurrency) is < 1)
            throw new TenonException("--concurrency", "1 or more", $"{call.GetValue(_concurrency)}", usage: true);
        if (call.GetValue(_forgetting) && call.GetValue(_adapter) is null)
            throw new TenonException("--forgetting", "--adapter DIR", "none", "what does the adapter forget?", usage: true);
        var texts = _texts.Read(call, recipe?.Evaluate.Texts.Select(home.PathOf) ?? [], terminal);
        var benchmarks = Benchmarks(call, recipe, home, terminal, texts.Count > 0);
        var rewards = _options.Rewards(call, recipe);
        try
        {
            var precision = call.GetValue(_compute.PrecisionOption) is null && recipe is not null ? recipe.Precision
                : _compute.Precision(call);
            var seed = Seed(call, recipe);
            EvaluationSettings? settings = null;
            var prompts = new List<EvaluationPrompts>();
            var arguments = _text.Arguments(call) is { Count: > 0 } given ? given : recipe?.Template;
            var model =
                LanguageModel.Open(name, Longest, precision, _options.ChatTemplate(call, recipe), arguments, _text.Pre(call)
                ?? recipe?.TokenizerPre);
            TextOptions.Tell(model.Notices, terminal);
            using var set = call.GetValue(_adapter) is { } folder ? AdapterOpener.Open(model.Model, folder, terminal) : null;
            var adapter = call.GetValue(_adapter) is { } path ? (JsonNode)AdapterSha256(path) : null;
            var places = new EvalPlaces(call.GetValue(_output), benchmarks.Select(b => (b.Benchmark.Name, b.Given)).ToList(),
                texts.Select(t => t.Name).ToList());
            var pairs = new ForgettingPairs();
            var averages = new Dictionary<EvalSide, List<Estimate>>();
            foreach (var ((benchmark, word), prompt) in benchmarks.Zip(prompts))
            {
                var evaluator = new Evaluator(model.Model, model.Encoder, benchmark.Rewards ?? rewards, Generation(call, model, precision));
                var asked = settings!.For(benchmark);
                foreach (var side in ForgettingPairs.Sides(call.GetValue(_forgetting)))
                {
                    var identity = evaluator.Identity(benchmark, prompt, asked, side.IsBase ? null : adapter);
                    using var results = EvaluationFolder.Open(places.Of(benchmark.Name, word, identity, side), identity);
                    var progress = new EvalProgress(terminal, benchmark.Name);
                    var figures = evaluator.Run(results, identity, benchmark, prompt, asked, side.IsBase ? null : set, progress.Show,
                        terminal.Interrupt.Token);
                    if (!averages.TryGetValue(side, out var all)) averages[side] = all = [];
                    all.Add(figures.Average);
                    var macro = all.Count == benchmarks.Count && all.Count > 1 ? EvaluationFigures.Macro(all) : null;
                    Show(call, terminal, figures, side.Word + word, results.Folder, macro);
                    EvaluationRemarks.RequireMeasured(figures, model.Model.MaxLength, asked.MaxNewTokens);
                    pairs.Add(side, results.Folder);
                }
            }

            foreach (var text in texts)
            {
                var windows = _texts.Settings(call, model.Model.Config);
                var evaluation = new TextEvaluation(model.Model, model.Tokenizer, text, windows, precision);
                foreach (var side in ForgettingPairs.Sides(call.GetValue(_forgetting)))
                {
                    var identity = evaluation.Identity(side.IsBase ? null : adapter);
                    using var results = TextFolder.Open(places.Of(text.Name, text.Name, identity, side), identity);
                    var progress = new EvalProgress(terminal, text.Name, "documents");
                    var figures = evaluation.Run(results, identity, side.IsBase ? null : set, progress.Show, terminal.Interrupt.Token);
                    TextEvalOptions.Show(terminal, figures, results.Folder, call.GetValue(_json));
                    pairs.Add(side, results.Folder);
                }
            }

            pairs.Show(terminal, call.GetValue(_json));
            return 0;

            // The prompts say how long a sequence may become, and so how long the model's tables must be.
            int Longest(PromptEncoder encoder, ModelConfig config)
            {
                var context = LanguageModel.ContextOf(config);
                settings = _options.Settings(call, recipe, name, seed, context);
                prompts.AddRange(benchmarks.Select(b => EvaluationPrompts.Of(b.Benchmark, settings, encoder)));
                var answers = prompts.Count == 0 ? 0 : prompts.Max(p => (long)p.Longest) + settings.MaxNewTokens;
                return (int)Math.Min(int.MaxValue, Math.Max(answers, texts.Count == 0 ? 0 : _texts.Settings(call, config).Window));
            }
        }
        catch (OperationCanceledException) when (terminal.Interrupt.Token.IsCancellationRequested)
        {
            terminal.Error.WriteLine("stopped; the same call goes on with the samples that are missing");
            return Interrupt.ExitCode;
        }
        finally
        {
            foreach (var reward in rewards) (reward.Reward as IDisposable)?.Dispose();
        }
    }

    private ulong Seed(ParseResult call, RunSettings? recipe) =>
        call.GetValue(_compute.SeedOption) is null && recipe is not null ? (ulong)recipe.Evaluate.Seed : _compute.Seed(call);

    private static (RunSettings Recipe, RunHome Home) Recipe(string folder, Terminal terminal)
    {
        var run = RunFolder.Read(folder);
        var description = run.ReadDescription();
        return (RunIdentity.Recipe<RunSettings>(run, ref description, "train", null, [], terminal.Error.WriteLine),
            RunHome.Of(run, description));
    }

    // A run's own figures at its start are the base's: whoever wants what it trained must say which checkpoint.
    private static void TellOfAdapter(string? run, Terminal terminal)
    {
        if (run is null || RunFolder.Read(run).NewestCheckpoint().Step is not { } step) return;
        var checkpoint = Path.Combine(run, "checkpoints", step.ToString(System.Globalization.CultureInfo.InvariantCulture));
        terminal.Error.WriteLine($"note: this is the run's model before training; what it trained: --adapter {ShellWord.Path(checkpoint)}");
    }

    private GeneratorOptions Generation(ParseResult call, LanguageModel model, Tensors.Precision precision) => new()
    {
        EndTokens = model.EndTokens,
        Precision = precision,
        Concurrency = call.GetValue(_concurrency) ?? 64,
        // Work that does not fit beside the weights waits, whatever its number.
        CacheBytes = Math.Max(MemoryPlan.AvailableBytes() / 8, (MemoryPlan.AvailableBytes() - model.Model.WeightBytes) / 2),
        LongestBytes = MemoryPlan.AvailableBytes() - model.Model.WeightBytes,
    };

    private List<(Benchmark Benchmark, string Given)> Benchmarks(ParseResult call, RunSettings? recipe, RunHome home, Terminal terminal,
        bool hasText)
    {
        var names = call.GetValue(_benchmark)?.Split(',', StringSplitOptions.TrimEntries) ?? recipe?.Evaluate.Benchmarks
            ?? (hasText ? [] : throw new TenonException("tenon eval", "--benchmark NAME@K, or --text FILE", "neither", usage: true));
        if (names.Count() == 0 && !hasText)
            throw new TenonException("tenon eval", "--benchmark NAME@K", "none: the run has no benchmarks", usage: true);
        return [.. names.Select(text =>
        {
            if (!BenchmarkName.TryParse(text, out var name) || call.GetValue(_samples) is < 1)
                throw new TenonException("--benchmark", "NAME@K with K of 1 or more", text, usage: true);
            if (call.GetValue(_samples) is { } k && !text.Contains('@', StringComparison.Ordinal)) name = name with { Samples = k };
            if (TaskBenchmarks.Find(name.Name) is { } task)
            {
                var drawn = TaskBenchmarks.Of($"{name.Name}@{name.Samples}", name.Samples, task, Seed(call, recipe),
                    call.GetValue(_limit) ?? recipe?.Evaluate.Problems);
                return (_options.HasGrader(call) ? drawn with { Rewards = null, Grader = null } : drawn, text);
            }

            var problems = Problems(call, recipe, home, name.Name, terminal);
            if (call.GetValue(_limit) is { } n) problems = [.. problems.Take(Math.Max(0, n))];
            if (problems.Count == 0) throw new TenonException("--problems", "1 or more", $"{call.GetValue(_limit)}", usage: true);
            return (new Benchmark($"{Path.GetFileNameWithoutExtension(name.Name)}@{name.Samples}", name.Samples, problems), text);
        })];
    }

    private IReadOnlyList<Problem> Problems(ParseResult call, RunSettings? recipe, RunHome home, string name, Terminal terminal)
    {
        var isNamed = new[] { _problemColumn, _answerColumn, _idColumn }.Any(o => call.GetValue(o) is not null);
        if (recipe is not null && !isNamed)
        {
            var notices = new List<string>();
            var problems =
                RunBuilder.HeldOutProblems(name, recipe, notices, home,
                RunBuilder.Rewards(recipe.Reward, recipe.Data).Exists(r => r.Reward.ReadsAnyGold));
            foreach (var notice in notices) terminal.Note(notice);
            return problems;
        }

        var file = ProblemFile.Read(DataTable.Locate(name, call.GetValue(_data)!), new ProblemColumns
        {
            Problem = call.GetValue(_problemColumn), Answer = call.GetValue(_answerColumn), Id = call.GetValue(_idColumn),
        });
        foreach (var notice in file.Notices) terminal.Note(notice);
        return file.Problems;
    }

    private void Show(ParseResult call, Terminal terminal, EvaluationFigures figures, string given, string folder, JsonObject? macro)
    {
        if (EvaluationRemarks.Of(figures) is { } remark) terminal.Note(remark);
        if (call.GetValue(_json))
        {
            var line = (JsonObject)figures.Json.DeepClone();
            line["benchmark"] = given;
            line["folder"] = folder;
            if (macro is not null) line["macro_average"] = macro;
            JsonLines.Write(terminal, line);
            return;
        }

        var s = figures.Json;
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{given}: avg {Percent(s["avg_at_k"])} (95 % {Percent(s["low"])} to {Percent(s["high"])}), pass@{s["k"]} "
            + $"{Percent(s["pass_at"]![$"{s["k"]}"])}, majority {Percent(s["maj_at_k"])}, {s["problems"]} problems, "
            + $"{Percent(s["truncated"])} truncated"));
        foreach (var part in new[] { "by_subject", "by_level" })
            foreach (var (key, value) in s[part] as JsonObject ?? [])
                terminal.Out.WriteLine(
                    $"  {key}: avg {Percent(value!["avg_at_k"])} (95 % {Percent(value["low"])} to {Percent(value["high"])}), "
                    + $"{value["problems"]} problems");
        foreach (var (of, mean) in
            new[] { ("subjects", s["macro_subject"]), ("levels", s["macro_level"]), ("benchmarks", macro) }.Where(m => m.Item2 is not null))
            terminal.Out.WriteLine($"  macro average of {mean!["parts"]} {of}: {Percent(mean["avg_at_k"])} (95 % {Percent(mean["low"])} to "
                + $"{Percent(mean["high"])})");
        terminal.Error.WriteLine($"results in {folder}");
    }

    private static string Percent(JsonNode? value) => value is null ? "-" : ((double)value).ToString("P1", CultureInfo.InvariantCulture);

    /// <summary>What an adapter folder says of the adapter: configuration and tensors, not what training left beside them.</summary>
    private static string AdapterSha256(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.GetFiles(folder).Where(f => Path.GetFileName(f).Contains("adapter", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(Path.GetFileName(file)));
            using var stream = SharedFile.Open(file);
            hash.AppendData(SHA256.HashData(stream));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
