using System.Runtime.InteropServices;
using Tenon.Tests.Support;
using Tenon.Training;

namespace Tenon.Tests.Training;

/// <summary>The peak of the whole process: a dry run in a test beside it counts it anew.</summary>
[Collection(AloneCollection.Name)]
public class PeakMemoryTests
{
    [Fact]
    public unsafe void Peak_memory_never_falls()
    {
        var before = ProcessMemory.PeakBytes();
        before.ShouldBeGreaterThan(10_000_000);
        // Not the collector's memory: giving it back would stop every thread of all other tests.
        const int Bytes = 50_000_000;
        var block = (byte*)NativeMemory.Alloc(Bytes);
        for (var i = 0; i < Bytes; i += 4096) block[i] = 1;
        var during = ProcessMemory.PeakBytes();
        during.ShouldBeGreaterThanOrEqualTo(before);
        NativeMemory.Free(block);
        ProcessMemory.PeakBytes().ShouldBeGreaterThanOrEqualTo(during);
    }
}
