using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Tensors;
using Tenon.Tensors.Threads;

namespace Tenon.Cli.Commands;

/// <summary>
/// <c>tenon bench sample|train --profile</c>: where the time of one run of a stage goes, part by part, products by their shape and against
/// what this machine reached in the
/// same minute (operations in the first cache, bytes from memory).
/// </summary>
internal static class BenchProfile
{
    private const int Longest = 24;

    /// <summary>One run of <paramref name="work"/> as JSON: the limits, each part, and what was in no part.</summary>
    public static JsonObject Measure(Action work, Precision precision)
    {
        var limits = MachineLimits.Measure(WorkerPool.Default);
        var profile = WorkProfile.Start();
        try
        {
            work();
        }
        finally
        {
            profile.Dispose();
        }

        var peak = precision.IsInt8() ? limits.Integer : limits.Float;
        return new JsonObject
        {
            ["float_gflops"] = Round(limits.Float / 1e9), ["integer_gops"] = Round(limits.Integer / 1e9),
            ["read_gb_per_s"] = Round(limits.Bandwidth / 1e9),
            ["seconds"] = Round(profile.Seconds), ["garbage_seconds"] = Round(profile.Paused),
            ["allocated_mb"] = Round(profile.Allocated / 1e6),
            ["outside_seconds"] = Round(profile.Seconds - profile.Shares.Sum(s => s.Seconds)),
            ["waiting_seconds"] = Round(profile.Shares.Sum(s => s.Waiting)),
            ["parts"] =
            new JsonArray(
            [.. profile.Shares.Select(s => Part(s, s.What.StartsWith("frozen", StringComparison.Ordinal) ? peak : limits.Float))]),
        };
    }

    /// <summary>The same as a table, the longest parts first.</summary>
    public static void Write(JsonObject profile, TextWriter writer)
    {
        var total = (double)profile["seconds"]!;
        var parts = profile["parts"]!.AsArray();
        writer.WriteLine(
            $"{"part",-34} {"shape",-26} {"calls",8} {"seconds",9} {"share",7} {"G/s",8} {"of peak",8} {"GB/s",7} {"waiting",8}");
        foreach (var part in parts.Take(Longest))
            writer.WriteLine(
                $"{(string)part!["what"]!,-34} {(string)part["shape"]!,-26} {(long)part["calls"]!,8} {Text(part["seconds"], "F3"),9} "
                + $"{Share((double)part["seconds"]!, total),7} "
                + $"{Text(part["gops"], "F1"),8} {(part["of_peak"] is { } peak ? Share((double)peak, 1) : ""),8} "
                + $"{Text(part["gb_per_s"], "F1"),7} {Share((double)part["waiting"]!, (double)part["seconds"]!),8}");
        var rest = parts.Skip(Longest).Sum(p => (double)p!["seconds"]!);
        if (rest > 0)
            writer.WriteLine(
                $"{$"{parts.Count - Longest} others",-70} {rest.ToString("F3", CultureInfo.InvariantCulture),9} {Share(rest, total),7}");
        writer.WriteLine(
            $"{"outside of all jobs (one thread)",-70} {Text(profile["outside_seconds"], "F3"),9} "
            + $"{Share((double)profile["outside_seconds"]!, total),7}");
        writer.WriteLine(
            $"{"in all",-70} {Text(profile["seconds"], "F3"),9}   of it garbage collection {Text(profile["garbage_seconds"], "F3")} s, "
            + $"{Text(profile["allocated_mb"], "F1")} MB allocated");
        writer.WriteLine(
            $"this machine, in the first cache and from memory: {Text(profile["float_gflops"], "F0")} GFLOP/s, "
            + $"{Text(profile["integer_gops"], "F0")} G integer operations/s, {Text(profile["read_gb_per_s"], "F1")} GB/s read");
    }

    private static JsonObject Part(WorkShare share, double peak)
    {
        var part = new JsonObject
        {
            ["what"] = share.What, ["shape"] = share.Shape, ["calls"] = share.Calls, ["seconds"] = Round(share.Seconds),
            ["waiting"] = Round(share.Waiting),
        };
        if (share.Operations == 0) return part;
        part["gops"] = Round(share.Operations / share.Seconds / 1e9);
        part["of_peak"] = Round(share.Operations / share.Seconds / peak);
        part["gb_per_s"] = Round(share.Bytes / share.Seconds / 1e9);
        return part;
    }

    private static double Round(double value) => Math.Round(value, 4);

    private static string Text(JsonNode? value, string format) =>
        value is null ? "" : ((double)value).ToString(format, CultureInfo.InvariantCulture);

    private static string Share(double part, double whole) =>
        whole <= 0 ? "" : (part / whole).ToString("P1", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal);
}
