using System.CommandLine;
using Tenon.Cli.Running;
using Tenon.Models.Generation;
using Tenon.Rewards;
using Tenon.Rewards.Data;
using Tenon.Training.Rollouts;
using Tenon.Training.Settings;

namespace Tenon.Cli.Commands;

/// <summary>avg@k and pass@k of a model on benchmark files; each problem's result is on disk as soon as it is known, and a second call goes on from there.</summary>
internal sealed class EvalCommand : Verb
{
    private const int Chunk = 16;
    private readonly Argument<string> model;
    private readonly Option<string?> adapter;
    private readonly Option<string> benchmark;
    private readonly Option<string> data;
    private readonly Option<string> output;
    private readonly Option<string?> problemColumn;
    private readonly Option<string?> answerColumn;
    private readonly Option<string?> idColumn;
    private readonly Option<int?> limit;
    private readonly Option<string> prompt;
    private readonly Option<double> temperature;
    private readonly Option<int> maxNewTokens;
    private readonly Option<bool> json;
    private readonly TextOptions text;
    private readonly ComputeOptions compute;

    public EvalCommand()
        : base("eval", "avg@k and pass@k on benchmark files, with intervals", "tenon eval MODEL --adapter DIR --benchmark gsm8k@4 --data data")
    {
        model = Add(new Argument<string>("MODEL") { Description = "a Hugging Face folder, a .gguf file, or tiny" });
        adapter = Add(new Option<string?>("--adapter") { Description = "an adapter folder" });
        benchmark = Add(new Option<string>("--benchmark") { Description = "NAME@K[,NAME@K...]: a data file (JSONL, CSV, Parquet), or the name of one in the data folder; K samples a problem", Required = true });
        data = Add(new Option<string>("--data") { Description = "the folder of benchmark files", DefaultValueFactory = _ => "data" });
        output = Add(new Option<string>("--output", "-o") { Description = "the folder of results", DefaultValueFactory = _ => "eval" });
        problemColumn = Add(new Option<string?>("--problem-column") { Description = "the column of the question or of the messages, nested ones by a dotted path; the usual names by default" });
        answerColumn = Add(new Option<string?>("--answer-column") { Description = "the column of the gold" });
        idColumn = Add(new Option<string?>("--id-column") { Description = "the column of the id" });
        limit = Add(new Option<int?>("--problems") { Description = "only the first so many problems" });
        prompt = Add(new Option<string>("--prompt") { Description = "boxed, plain, default (the model's own), or a template with {problem}", DefaultValueFactory = _ => Prompts.ModelsOwn });
        temperature = Add(new Option<double>("--temperature") { Description = "sampling temperature; 0 is greedy", DefaultValueFactory = _ => 1 });
        maxNewTokens = Add(new Option<int>("--max-new-tokens") { Description = "longest answer in tokens", DefaultValueFactory = _ => 512 });
        json = Add(new Option<bool>("--json") { Description = "one JSON line a benchmark" });
        text = new TextOptions(this);
        compute = new ComputeOptions(this);
    }

    protected override int Run(ParseResult call, Terminal terminal)
    {
        compute.Apply(call);
        var template = Prompts.Of(call.GetValue(prompt)!, call.GetValue(model));
        if (!Prompts.IsKnown(template)) throw new TenonException("--prompt", "boxed, plain, or a text with {problem}", template, usage: true);
        var work = call.GetValue(benchmark)!.Split(',').Select(word => BenchmarkName.TryParse(word, out var name) ? (Name: name, Problems: Read(call, name.Name, terminal)) : throw new TenonException("--benchmark", "NAME@K with K of 1 or more", word, usage: true)).ToList();
        var loaded = LoadedModel.Open(call.GetValue(model)!, compute.Precision(call), 2048 + call.GetValue(maxNewTokens), arguments: text.Arguments(call), tokenizerPre: text.Pre(call));
        TextOptions.Tell(loaded.Notices, terminal);
        using var set = call.GetValue(adapter) is { } folder ? AdapterOpener.Open(loaded.Model, folder, terminal) : null;
        var options = new GeneratorOptions { Sampling = new SamplingSettings { Temperature = call.GetValue(temperature) }, EndTokens = loaded.EndTokens, Precision = compute.Precision(call) };
        var collector = new RolloutCollector(loaded.Model, loaded.Encoder, [new WeightedReward(RewardFinder.Create("math"))], options);
        foreach (var (name, problems) in work)
        {
            var file = Path.Combine(call.GetValue(output)!, $"{Path.GetFileNameWithoutExtension(name.Name)}@{name.Samples}.jsonl");
            var prompts = problems.Select((p, i) => new DrawnPrompt(p, i, Prompts.Encode(loaded.Encoder, template, p))).ToList();
            foreach (var part in EvalResults.Missing(file, prompts).Chunk(Chunk))
            {
                var fit = part.Where(p => p.Prompt.Length + call.GetValue(maxNewTokens) <= loaded.Model.MaxLength).ToList();
                foreach (var skipped in part.Except(fit)) terminal.Error.WriteLine($"{skipped.Problem.Id}: prompt too long, left out");
                EvalResults.Append(file, collector.Collect(fit, name.Samples, call.GetValue(maxNewTokens), new RandomPlace(compute.Seed(call), RandomPurpose.Evaluation), set, cancel: terminal.Interrupt.Token));
                terminal.Error.WriteLine($"{name}: {EvalResults.Count(file)} of {prompts.Count} problems");
            }

            var summary = EvalResults.Summary(file, name.ToString());
            if (call.GetValue(json)) JsonLines.Write(terminal, summary);
            else terminal.Out.WriteLine(EvalResults.Describe(summary));
        }

        return 0;
    }

    private IReadOnlyList<Problem> Read(ParseResult call, string name, Terminal terminal)
    {
        var columns = new ProblemColumns { Problem = call.GetValue(problemColumn), Answer = call.GetValue(answerColumn), Id = call.GetValue(idColumn) };
        var file = ProblemFile.Read(DataTable.Locate(name, call.GetValue(data)!), columns);
        foreach (var notice in file.Notices) terminal.Error.WriteLine($"note: {notice}");
        var problems = file.Problems;
        return call.GetValue(limit) is { } n ? [.. problems.Take(n)] : problems;
    }
}
