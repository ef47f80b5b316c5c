namespace Tenon.Tests.Support;

/// <summary>Whether tests take their long form (every combination, more repetitions): where TENON_LONG is 1 or the golden folders are at hand.</summary>
internal static class LongTests
{
    public static bool On => Environment.GetEnvironmentVariable("TENON_LONG") is { Length: > 0 } set ? set == "1" : Environment.GetEnvironmentVariable("TENON_GOLDEN") is { Length: > 0 };
}
