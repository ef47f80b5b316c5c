using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using LLama;
using LLama.Common;
using LLama.Native;
using Tenon.Rewards.Data;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Training;

namespace Tenon.Benchmarks;

/// <summary>
/// llama.cpp on the workload of <c>tenon bench sample</c>: the prompts once for a group, then one token of every sequence a step.
/// Tokens are drawn beforehand, so that nothing but the model is timed.
/// </summary>
internal static class LlamaPeer
{
    public static Command Command()
    {
        var model = new Argument<string>("MODEL") { Description = "a .gguf file" };
        var data = new Option<string>("--data") { Description = "a JSONL file of problems", Required = true };
        var type = new Option<string>("--type") { Description = "what the model is quantised to first", DefaultValueFactory = _ => "q8_0" };
        var command = new Command("llama", "llama.cpp on the workload of bench sample") { model, data, type };
        command.SetAction(call => Run(call.GetValue(model)!, call.GetValue(data)!, call.GetValue(type)!));
        return command;
    }

    private static void Run(string model, string data, string type)
    {
        var loaded = LanguageModel.Open(model, Precision.Int8, 4096);
        var of = new ProblemPrompts(loaded.Encoder, "boxed");
        var prompts = ProblemFile.Read(data).Problems.Take(4).Select(of.Of).Select(p => p.Prompt).ToList();
        var vocabulary = loaded.Model.Config.VocabSize;
        // The first call finds the library; nothing else in it may come before.
        NativeApi.llama_empty_call();
        NativeLogConfig.llama_log_set((_, _) => { });
        var quantised = Path.Combine(Path.GetTempPath(), $"{Path.GetFileNameWithoutExtension(model)}.as-{type}.gguf");
        if (!File.Exists(quantised) && !LLamaQuantizer.Quantize(model, quantised, type, Environment.ProcessorCount, allowRequantize: true))
            throw new InvalidOperationException($"'{model}' was not quantised to {type}");
        Show(Measure(quantised, type, prompts, vocabulary));
    }

    private static void Show(JsonObject answer) => Console.WriteLine(answer.ToJsonString());

    private static JsonObject Measure(string path, string type, List<int[]> prompts, int vocabulary)
    {
        var threads = Environment.ProcessorCount;
        var parameters = new ModelParams(path)
        {
            ContextSize = 8192, BatchSize = 2048, SeqMax = 32, Threads = threads, BatchThreads = threads,
            GpuLayerCount = 0, KVUnified = true,
        };
        using var weights = LLamaWeights.LoadFromFile(parameters);
        using var context = weights.CreateContext(parameters);
        Sample(context, prompts, 8, 4, vocabulary);
        var (prefill, decode) = Sample(context, prompts, 8, 128, vocabulary);
        var (_, one) = Sample(context, [prompts[0]], 1, 128, vocabulary);
        return new JsonObject
        {
            ["peer"] = "llama.cpp", ["type"] = type, ["threads"] = threads,
            ["prefill_tokens_per_s"] = prompts.Sum(p => p.Length - 1) / prefill,
            ["tokens_per_s"] = 32 * 128 / (prefill + decode),
            ["one_tokens_per_s"] = 128 / one,
            ["memory_gb"] = ProcessMemory.PeakBytes() / 1e9,
        };
    }

    /// <summary>Seconds of the prompts and of the tokens after them.</summary>
    private static (double Prefill, double Decode) Sample(LLamaContext context, List<int[]> prompts, int group, int tokens, int vocabulary)
    {
        context.NativeHandle.MemoryClear();
        var random = new Random(7);
        var batch = new LLamaBatch();
        var clock = Stopwatch.StartNew();
        for (var p = 0; p < prompts.Count; p++)
        {
            LLamaSeqId[] sequences = [.. Enumerable.Range(p * group, group).Select(s => (LLamaSeqId)s)];
            for (var i = 0; i + 1 < prompts[p].Length; i++) batch.Add(prompts[p][i], i, sequences, false);
        }

        Decode(context, batch);
        var prefill = clock.Elapsed.TotalSeconds;
        clock.Restart();
        for (var t = 0; t < tokens; t++)
        {
            batch.Clear();
            for (var s = 0; s < prompts.Count * group; s++)
            {
                var prompt = prompts[s / group];
                batch.Add(t == 0 ? prompt[^1] : random.Next(vocabulary), prompt.Length - 1 + t, (LLamaSeqId)s, true);
            }

            Decode(context, batch);
        }

        return (prefill, clock.Elapsed.TotalSeconds);
    }

    private static void Decode(LLamaContext context, LLamaBatch batch)
    {
        if (context.Decode(batch) is var result && result != DecodeResult.Ok) throw new InvalidOperationException($"llama.cpp: {result}");
    }
}
