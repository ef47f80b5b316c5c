namespace Tenon;

/// <summary>How many threads a process may work on at once: what <c>--threads</c> says, for loops that are no kernel.</summary>
public static class Workers
{
    /// <summary>The number; all cores by default.</summary>
    public static int Count { get; set; } = Environment.ProcessorCount;

    /// <summary>For <see cref="Parallel"/>.</summary>
    public static ParallelOptions Options => new() { MaxDegreeOfParallelism = Count };
}
