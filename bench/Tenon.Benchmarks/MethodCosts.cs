using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Cli.Commands;
using Tenon.Models.Weights;
using Tenon.Rewards.Data;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Tensors.Threads;
using Tenon.Training;
using Tenon.Training.Settings;
using Precision = Tenon.Tensors.Precision;

namespace Tenon.Benchmarks;

/// <summary>
/// Time and peak memory of a training step of every adapter method relative to LoRA's in the same run: forward, loss on the completion
/// tokens, backward, AdamW. A method's step and LoRA's take
/// turns, so that what else the machine does falls on both; the ratios are those of the best times, on the clock and of the processors. The
/// peak is that of a process that does this method's step alone. With <c>--peer COMMAND</c> PEFT does the same steps with the same folders
/// (<c>bench/peft_peer.py</c>).
/// </summary>
internal static class MethodCosts
{
    private static readonly Argument<string> S_model = new("MODEL") { Description = "a Hugging Face folder, a .gguf file, or tiny" };
    private static readonly Option<string> S_data = new("--data") { Required = true, Description = "a JSONL file of problems" };
    private static readonly Option<string?> S_peer = new("--peer") { Description = "the command that starts bench/peft_peer.py" };
    private static readonly Option<string?> S_methods = new("--methods") { Description = "names separated by commas; all by default" };
    private static readonly Option<int> S_prompts = new("--prompts") { DefaultValueFactory = _ => 1 };
    private static readonly Option<int> S_group = new("--group") { DefaultValueFactory = _ => 8 };
    private static readonly Option<int> S_tokens = new("--new") { DefaultValueFactory = _ => 128 };
    private static readonly Option<int> S_rank = new("--rank") { DefaultValueFactory = _ => 16 };
    private static readonly Option<int> S_runs = new("--runs") { DefaultValueFactory = _ => 3 };
    private static readonly Option<int?> S_threads = new("--threads") { Description = "worker threads; all cores by default" };
    private static readonly Option<bool> S_peak =
        new("--peak") { Hidden = true, Description = "print the first method's peak memory in GB and stop" };
    private static readonly Option<bool> S_json = new("--json") { Description = "one JSON line a method" };

    public static Command Command()
    {
        var command =
            new Command("methods", "step time and memory of every adapter method relative to LoRA") { S_model, S_data, S_peer, S_methods,
            S_prompts, S_group, S_tokens, S_rank, S_runs, S_threads, S_peak, S_json };
        command.SetAction(Run);
        return command;
    }

    private static void Run(ParseResult call)
    {
        if (call.GetValue(S_threads) is { } threads) WorkerPool.SetDefault(threads);
        var (group, tokens) = (call.GetValue(S_group), call.GetValue(S_tokens));
        var loaded = LanguageModel.Open(call.GetValue(S_model)!, Precision.F32, 2048 + tokens);
        var prompts = ProblemFile.Read(call.GetValue(S_data)!).Problems.Take(call.GetValue(S_prompts))
            .Select(new ProblemPrompts(loaded.Encoder, "boxed").Of).Select(p => p.Prompt).ToList();
        var groups = BenchCommand.Groups(prompts, group, tokens, loaded.Model.Config.VocabSize);
        var updater = new PolicyUpdater(loaded.Model, 1, new PassOptions(2048), new Tape());
        if (call.GetValue(S_peak))
        {
            using var alone = Work.Of(loaded, call.GetValue(S_methods)!, call.GetValue(S_rank), updater, groups);
            Console.WriteLine(alone.PeakGb().ToString(CultureInfo.InvariantCulture));
            return;
        }

        using var scratch = new Scratch();
        var peer = call.GetValue(S_peer) is { } start ? Opener(start, call.GetValue(S_model)!, scratch) : null;
        var names = call.GetValue(S_methods)?.Split(',') ?? [.. AdapterMethod.All.Keys.Where(n => n is not ("lora" or "trainable-tokens"))];
        using var lora = Work.Of(loaded, "lora", call.GetValue(S_rank), updater, groups);
        var ours = lora.Measure(lora, call.GetValue(S_runs), PeakAlone(call, "lora"));
        var theirs = Peft(peer, lora, groups, scratch, call.GetValue(S_runs));
        Write(call, "lora", lora, ours, ours, theirs, theirs);
        foreach (var name in names)
        {
            using var work = Work.Of(loaded, name, call.GetValue(S_rank), updater, groups);
            Write(call, name, work, work.Measure(lora, call.GetValue(S_runs), PeakAlone(call, name)), ours,
                Peft(peer, work, groups, scratch, call.GetValue(S_runs)), theirs);
        }
    }

    /// <summary>The peak of a process of its own: what earlier methods leave in this one would count for later ones.</summary>
    private static double PeakAlone(ParseResult call, string name)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(MethodCosts).Assembly.Location);
        foreach (var argument in
            (string[])["methods", call.GetValue(S_model)!, "--data", call.GetValue(S_data)!, "--methods", name, "--peak"])
            start.ArgumentList.Add(argument);
        foreach (var option in new[] { S_prompts, S_group, S_tokens, S_rank })
        {
            start.ArgumentList.Add(option.Name);
            start.ArgumentList.Add(call.GetValue(option).ToString(CultureInfo.InvariantCulture));
        }

        if (call.GetValue(S_threads) is { } threads)
        {
            start.ArgumentList.Add(S_threads.Name);
            start.ArgumentList.Add(threads.ToString(CultureInfo.InvariantCulture));
        }

        using var process = Process.Start(start)!;
        var answer = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return double.Parse(answer, CultureInfo.InvariantCulture);
    }

    /// <summary>Starts PEFT on the model, in a process of its own for each method, so that a peak holds nothing of earlier ones.</summary>
    private static Func<PeftPeer> Opener(string command, string model, Scratch scratch)
    {
        var folder = scratch.New();
        using var source = ModelSource.Open(model);
        HuggingFaceExport.Write(folder, source.Config, source.Weights, SafetensorsType.F32, null);
        using (var peer = new PeftPeer(command, folder, WorkerPool.Default.Threads)) Console.Error.WriteLine($"beside PEFT {peer.Version}");
        return () => new PeftPeer(command, folder, WorkerPool.Default.Threads);
    }

    private static PeerFigures? Peft(Func<PeftPeer>? open, Work work, List<RolloutGroup> groups, Scratch scratch, int runs)
    {
        if (open is null || PeftFolder.FreshConfig(work.Adapter, "base") is null) return null;
        var folder = scratch.New();
        Directory.CreateDirectory(folder);
        PeftFolder.Save(work.Adapter, folder, "base");
        JsonArray prompts = [], completions = [];
        foreach (var group in groups)
            foreach (var rollout in group.Rollouts)
            {
                prompts.Add(new JsonArray([.. group.Prompt.Select(i => (JsonNode)i)]));
                completions.Add(new JsonArray([.. rollout.Sampled.Ids.Select(i => (JsonNode)i)]));
            }

        try
        {
            using var peer = open();
            var answer =
                peer.Ask(
                new JsonObject
                {
                    ["op"] = "step", ["adapter"] = folder, ["prompts"] = prompts, ["completions"] = completions, ["micro"] = 8,
                    ["runs"] = runs
                });
            return new PeerFigures((double)answer["seconds"]!, (double?)answer["memory_gb"]);
        }
        catch (TenonException e)
        {
            Console.Error.WriteLine($"{work.Name}: {e.Message}");
            return null;
        }
    }

    private static void Write(ParseResult call, string name, Work work, Figures figures, Figures lora, PeerFigures? peer,
        PeerFigures? peerLora)
    {
        var line = new JsonObject
        {
            ["method"] = name, ["trainable"] = work.Adapter.TrainableCount, ["seconds"] = Math.Round(figures.Own.Seconds, 4),
            ["ratio"] = Math.Round(figures.Ratio, 3),
            ["processor_ratio"] = Math.Round(figures.ProcessorRatio, 3),
            ["memory_gb"] = Math.Round(figures.MemoryGb, 3), ["memory_ratio"] = Math.Round(figures.MemoryGb / lora.MemoryGb, 3),
            ["peft_seconds"] = peer is null ? null : Math.Round(peer.Seconds, 4), ["peft_ratio"] = peer is null || peerLora is null ? null
            : Math.Round(peer.Seconds / peerLora.Seconds, 3),
            ["peft_memory_ratio"] = peer?.MemoryGb / peerLora?.MemoryGb is { } other ? Math.Round(other, 3) : null,
        };
        Console.WriteLine(call.GetValue(S_json) ? line.ToJsonString()
            : string.Create(CultureInfo.InvariantCulture,
            $"{name,-12} {work.Adapter.TrainableCount,12:N0} {figures.Own.Seconds,8:F3} s  x{figures.Ratio:F2}  (processor "
            + $"x{figures.ProcessorRatio:F2})  {figures.MemoryGb:F2} GB  PEFT {Told(line["peft_seconds"])} s  x{Told(line["peft_ratio"])}"));
    }

    private static string Told(JsonNode? value) => value?.ToJsonString() ?? "-";

    private sealed record Figures(Time Own, Time Lora, double MemoryGb)
    {
        public double Ratio => Own.Seconds / Lora.Seconds;

        public double ProcessorRatio => Own.Processor / Lora.Processor;
    }

    /// <summary>Seconds on the clock and of the processors; where others use the machine, the second says what a step costs.</summary>
    private readonly record struct Time(double Seconds, double Processor)
    {
        public static Time Longest => new(double.PositiveInfinity, double.PositiveInfinity);

        public Time Least(Time other) => new(Math.Min(Seconds, other.Seconds), Math.Min(Processor, other.Processor));
    }

    private sealed record PeerFigures(double Seconds, double? MemoryGb);

    /// <summary>One method's step.</summary>
    private sealed class Work : IDisposable
    {
        private readonly PolicyUpdater _updater;
        private readonly List<RolloutGroup> _groups;
        private readonly AdapterOptimizer _optimizer;

        private Work(string name, AdapterSet adapter, PolicyUpdater updater, List<RolloutGroup> groups)
        {
            (Name, Adapter, _updater, _groups) = (name, adapter, updater, groups);
            _optimizer = new AdapterOptimizer(adapter, new OptimizerSettings { LearningRate = 1e-5 }, 1000);
        }

        public string Name { get; }

        public AdapterSet Adapter { get; }

        public static Work Of(LanguageModel loaded, string name, int rank, PolicyUpdater updater, List<RolloutGroup> groups)
        {
            var settings =
                new AdapterSettings { Method = name, Rank = rank, Start = new() { Calibration = [.. groups.Select(g => g.Prompt)] } };
            return new Work(name, AdapterMethod.Of(name).Create(loaded.Model, settings), updater, groups);
        }

        /// <summary>Peak memory of one step, the model and what the adapter holds included.</summary>
        public double PeakGb()
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            ProcessMemory.ResetPeak();
            Step();
            return ProcessMemory.PeakBytes() / 1e9;
        }

        /// <summary>The best of some steps that take turns with LoRA's.</summary>
        public Figures Measure(Work lora, int runs, double memory)
        {
            Step();
            var (own, other) = (Time.Longest, Time.Longest);
            for (var i = 0; i < runs; i++)
            {
                other = other.Least(lora.Timed());
                own = own.Least(Timed());
            }

            return new Figures(own, other, memory);
        }

        public void Dispose() => Adapter.Dispose();

        private Time Timed()
        {
            var (clock, before) = (Stopwatch.StartNew(), Process.GetCurrentProcess().TotalProcessorTime);
            Step();
            return new Time(clock.Elapsed.TotalSeconds, (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds);
        }

        private void Step() => BenchCommand.Train(_updater, _optimizer, Adapter, _groups);
    }

    private sealed class Scratch : IDisposable
    {
        private readonly string _root = Directory.CreateTempSubdirectory("tenon-methods-").FullName;
        private int _count;

        public string New() => Path.Combine(_root, $"{_count++}");

        public void Dispose() => Directory.Delete(_root, recursive: true);
    }
}
