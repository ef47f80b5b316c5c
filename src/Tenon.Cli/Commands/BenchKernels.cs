using System.Diagnostics;
using System.Text.Json.Nodes;
using Tenon.Cli.Benchmarks;
using Tenon.Models.Config;
using Tenon.Tensors;
using Tenon.Training;
using Tenon.Training.Settings;

namespace Tenon.Cli.Commands;

/// <summary>
/// <c>tenon bench kernels</c>: the kernels that sampling and training spend their time in, at a model's sizes (SmolLM2-135M's where none is
/// named), best of the runs, in every width of
/// vector that this processor has. A width is fixed when a process starts, so the narrower ones are measured by processes of their own with
/// the wider instructions switched off.
/// </summary>
internal static class BenchKernels
{
    private const double LeastSeconds = 0.01;
    private const int OptimizerValues = 4_000_000;

    private static readonly (string Tier, string Switch)[] Narrower =
        [("avx2", "DOTNET_EnableAVX512"), ("scalar", "DOTNET_EnableHWIntrinsic")];

    /// <summary>SmolLM2-135M.</summary>
    public static readonly KernelShapes Usual = new(576, 1536, 9, 3, 64, 49152);

    /// <summary>The sizes of a model.</summary>
    public static KernelShapes Of(ModelConfig c) =>
        new((int)c.HiddenSize, (int)c.IntermediateSize, (int)c.NumAttentionHeads, (int)c.NumKeyValueHeads, (int)c.HeadDim,
        (int)c.VocabSize);

    /// <summary>One object a kernel: name, shape, rows, unit, and the figure of this process under its tier's name.</summary>
    public static JsonArray Measure(KernelShapes shapes, Tensors.Precision precision, int runs)
    {
        var result = new JsonArray();
        foreach (var w in KernelWorkload.Of(shapes, precision).Append(AdamW()))
            result.Add(new JsonObject
            {
                ["name"] = w.Name, ["shape"] = w.Shape, ["rows"] = w.Rows, ["unit"] = w.Unit,
                [Numerics.Tier] = Math.Round(w.Work / Best(w.Run, runs), 2),
            });
        return result;
    }

    /// <summary>Adds the figures of every narrower tier, measured by this program once more with <paramref name="arguments"/>.</summary>
    public static void AddNarrower(JsonArray kernels, string[] arguments)
    {
        foreach (var (tier, off) in Numerics.Tier switch { "avx512" => Narrower, "scalar" => [], _ => Narrower[1..] })
        {
            var figures = JsonNode.Parse(RunAgain(arguments, off))!["kernels"]!.AsArray();
            for (var i = 0; i < kernels.Count; i++) kernels[i]![tier] = figures[i]![tier]?.DeepClone();
        }
    }

    /// <summary>The figures as a table: a line a kernel, a column a tier.</summary>
    public static void Write(JsonArray kernels, TextWriter writer)
    {
        string[] tiers = [.. ((string[])["avx512", "avx2", "neon", "scalar"]).Where(t => kernels[0]!.AsObject().ContainsKey(t))];
        writer.WriteLine($"{"kernel",-28} {"shape",-15} {"rows",5} {"unit",-8}{string.Concat(tiers.Select(t => $"{t,10}"))}");
        foreach (var k in kernels)
            writer.WriteLine(
                $"{(string)k!["name"]!,-28} {(string)k["shape"]!,-15} {(int)k["rows"]!,5} "
                + $"{(string)k["unit"]!,-8}{string.Concat(tiers.Select(t => $"{((double)k[t]!).ToString("F1", System.Globalization.CultureInfo.InvariantCulture),10}"))}");
    }

    // One whole step: clipping, the rule, the norm of the change. Counted are the bytes of the rule: weights, gradient and two moments
    // read, weights and moments written.
    private static KernelWorkload AdamW()
    {
        var parameter = Parameter.Create("weights", OptimizerValues);
        var optimizer = new AdapterOptimizer([parameter], new OptimizerSettings { LearningRate = 1e-5 }, 1_000_000);
        return new("AdamW, a step with clipping", $"{OptimizerValues}", 1, 7 * 4e-9 * OptimizerValues, "GB/s", () =>
        {
            parameter.GradientOrZero().Fill(1e-3f);
            optimizer.Step();
        });
    }

    private static double Best(Action run, int runs)
    {
        run();
        var best = double.PositiveInfinity;
        for (var i = 0; i < runs; i++)
        {
            var (clock, calls) = (Stopwatch.StartNew(), 0);
            do
            {
                run();
                calls++;
            }
            while (clock.Elapsed.TotalSeconds < LeastSeconds);
            best = Math.Min(best, clock.Elapsed.TotalSeconds / calls);
        }

        return best;
    }

    private static string RunAgain(string[] arguments, string off)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment[off] = "0";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new TenonException($"tenon bench kernels with {off}=0", "exit code 0", $"{process.ExitCode}");
    }
}
