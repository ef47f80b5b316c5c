using System.CommandLine;
using Tenon.Tensors;
using Tenon.Tensors.Threads;

namespace Tenon.Cli.Commands.Options;

/// <summary>The options that every verb that computes takes: threads, precision, seed.</summary>
internal sealed class ComputeOptions
{
    private readonly Option<int?> _threads =
        new("--threads") { Description = "worker threads; all cores by default (results do not depend on it)" };
    private readonly Option<string?> _precision = new("--precision")
    {
        Description = "f32 (weights as the file has them), bf16 (weights, keys and values rounded: half the memory, and faster products "
            + "where the CPU has them), or int8 and int8-a16 (weights and activations as integers: a quarter of the memory; experimental)",
    };

    private readonly Option<long?> _seed = new("--seed") { Description = "the seed of everything random" };

    /// <summary>Adds the three options to a verb.</summary>
    public ComputeOptions(Command verb)
    {
        _precision.AcceptOnlyFromAmong([.. Precisions.Words]);
        verb.Options.Add(_threads);
        verb.Options.Add(_precision);
        verb.Options.Add(_seed);
    }

    /// <summary>The option of the precision.</summary>
    public Option<string?> PrecisionOption => _precision;

    /// <summary>The option of the seed.</summary>
    public Option<long?> SeedOption => _seed;

    /// <summary>Sets the process's workers.</summary>
    public void Apply(ParseResult call) => ApplyThreads(call.GetValue(_threads));

    /// <summary>Sets the process's workers, where a number is given.</summary>
    public static void ApplyThreads(int? threads)
    {
        if (threads is not { } count) return;
        if (count is < 1 or > 1024) throw new TenonException("--threads", "1 to 1024", $"{count}", usage: true);
        Workers.Count = count;
        WorkerPool.SetDefault(count);
    }

    /// <summary>The precision that was asked for; f32 by default.</summary>
    public Precision Precision(ParseResult call) => call.GetValue(_precision) is { } word ? Precisions.Of(word) : Tensors.Precision.F32;

    /// <summary>The seed that was asked for; 42 by default.</summary>
    public ulong Seed(ParseResult call) => (ulong)(call.GetValue(_seed) ?? 42);

    /// <summary>Precision and seed as overrides of a recipe.</summary>
    public IEnumerable<string> Overrides(ParseResult call)
    {
        if (call.GetValue(_precision) is { } p) yield return $"precision={p}";
        if (call.GetValue(_seed) is { } s) yield return $"seed={s}";
    }
}
