using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Tensors.Linalg;
using Tenon.Tensors.Threads;

namespace Tenon.Benchmarks;

/// <summary>
/// Singular values of one matrix by Tenon and by OpenBLAS's dgesdd, in turn in one process:
/// <c>dotnet run --project bench/Tenon.Benchmarks -c Release -- svd --threads 2</c>. Seconds on the clock and of the processors, the best
/// of the runs; the worst difference of a value as a share of the largest.
/// </summary>
internal static class SvdBenchmark
{
    private static readonly Option<int> S_rows = new("--rows") { DefaultValueFactory = _ => 1536 };
    private static readonly Option<int> S_columns = new("--columns") { DefaultValueFactory = _ => 8960 };
    private static readonly Option<int> S_top = new("--top")
    {
        DefaultValueFactory = _ => 256, Description = "values of the randomized one; 0: none",
    };

    private static readonly Option<double> S_tolerance = new("--tolerance")
    {
        DefaultValueFactory = _ => 1e-4, Description = "of the randomized one's residuals",
    };

    private static readonly Option<int> S_runs = new("--runs") { DefaultValueFactory = _ => 3 };
    private static readonly Option<int> S_threads = new("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
    private static readonly Option<string> S_library = new("--library")
    {
        DefaultValueFactory = _ => "libopenblas.so.0", Description = "OpenBLAS by name or path; none leaves it out",
    };

    private static readonly Option<bool> S_stages = new("--stages") { Description = "the parts of Tenon's decomposition too" };
    private static readonly Option<bool> S_json = new("--json") { Description = "one JSON line" };

    public static Command Command()
    {
        var command = new Command("svd", "singular values beside OpenBLAS's dgesdd")
        {
            S_rows, S_columns, S_top, S_tolerance, S_runs, S_threads, S_library, S_stages, S_json,
        };
        command.SetAction(Run);
        return command;
    }

    private static void Run(ParseResult call)
    {
        var threads = call.GetValue(S_threads);
        WorkerPool.SetDefault(threads);
        var a = Weight(call.GetValue(S_rows), call.GetValue(S_columns));
        var top = Math.Min(call.GetValue(S_top), Math.Min(a.Rows, a.Columns));
        var peer = call.GetValue(S_library) is { } name && name != "none" ? OpenBlas.Load(name) : null;
        peer?.SetThreads(threads);
        var contests = new List<Contest>
        {
            new("Tenon, U S Vt", () => Svd.Of(a).S),
            new("Tenon, values", () => Svd.Values(a)),
        };
        if (top > 0)
        {
            var settings = new PartialSvdSettings { Tolerance = call.GetValue(S_tolerance) };
            contests.Add(new($"Tenon, first {top}", () => PartialSvd.Of(a, top, settings).Triplets.S));
        }

        if (peer is not null)
        {
            contests.Add(new("dgesdd, U S Vt", () => peer.Svd(a, vectors: true)));
            contests.Add(new("dgesdd, values", () => peer.Svd(a, vectors: false)));
        }

        if (call.GetValue(S_stages)) contests.AddRange(SvdStages.Of(a));
        for (var run = 0; run < call.GetValue(S_runs); run++)
            foreach (var contest in contests) contest.Measure();
        Write(call, a, contests, peer?.CoreName, threads);
    }

    private static void Write(ParseResult call, Matrix a, List<Contest> contests, string? core, int threads)
    {
        var reference = contests.FirstOrDefault(c => c.Name == "dgesdd, U S Vt") ?? contests[0];
        var lines = contests.Select(c => new JsonObject
        {
            ["name"] = c.Name, ["seconds"] = Math.Round(c.Seconds, 4), ["processor_seconds"] = Math.Round(c.Processor, 4),
            ["ratio"] = Math.Round(c.Seconds / reference.Seconds, 3),
            ["processor_ratio"] = Math.Round(c.Processor / reference.Processor, 3),
            ["worst"] = c.Values.Length == 0 ? null : Worst(c.Values, reference.Values),
        }).ToList();
        if (call.GetValue(S_json))
        {
            Console.WriteLine(new JsonObject
            {
                ["rows"] = a.Rows, ["columns"] = a.Columns, ["threads"] = threads, ["openblas"] = core,
                ["results"] = new JsonArray([.. lines]),
            }.ToJsonString());
            return;
        }

        Console.WriteLine(FormattableString.Invariant(
            $"{a.Rows} x {a.Columns}, {threads} threads; OpenBLAS kernels: {core ?? "-"}; ratios to {reference.Name}"));
        foreach (var l in lines)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(string)l["name"]!,-28} {(double)l["seconds"]!,8:F3} s  x{(double)l["ratio"]!:F3}   processor "
                + $"{(double)l["processor_seconds"]!,8:F3} s  x{(double)l["processor_ratio"]!:F3}   worst "
                + $"{l["worst"]?.ToJsonString() ?? "-"}"));
    }

    private static double Worst(double[] values, double[] reference) =>
        values.Zip(reference, (x, y) => Math.Abs(x - y)).Max() / reference[0];

    /// <summary>Normal numbers whose columns fall off: the spectrum of a trained weight in its rough shape.</summary>
    private static Matrix Weight(int rows, int columns)
    {
        var (result, key) = (new Matrix(rows, columns), new RandomKey(1));
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++)
                result[i, j] = key.Normal(RandomPurpose.Sketch, 0, 0, (uint)i, (uint)j) * ExactMath.Pow(1 + j, -0.35);
        return result;
    }
}

/// <summary>One way to the singular values, with the best of its runs.</summary>
internal sealed class Contest(string name, Func<double[]> work)
{
    public string Name => name;

    public double[] Values { get; private set; } = [];

    public double Seconds { get; private set; } = double.PositiveInfinity;

    public double Processor { get; private set; } = double.PositiveInfinity;

    public void Measure()
    {
        GC.Collect();
        var (clock, before) = (Stopwatch.StartNew(), Process.GetCurrentProcess().TotalProcessorTime);
        Values = work();
        Seconds = Math.Min(Seconds, clock.Elapsed.TotalSeconds);
        Processor = Math.Min(Processor, (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds);
    }
}
