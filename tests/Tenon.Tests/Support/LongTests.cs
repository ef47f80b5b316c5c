namespace Tenon.Tests.Support;

/// <summary>Whether tests take their long form (every combination, more repetitions): where TENON_LONG is 1.</summary>
internal static class LongTests
{
    public static bool On => Environment.GetEnvironmentVariable("TENON_LONG") == "1";
}
