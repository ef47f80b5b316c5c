using Tenon.Tensors.Kernels;
using Tenon.Tensors.Memory;

namespace Tenon.Tests.Tensors.Kernels;

/// <summary>
/// Machine code that is assembled at run time: the tiles are held against their plain twin when they are made, and here every one of them
/// is made.
/// </summary>
public unsafe class Vnni512Tests
{
    [Fact]
    public void Every_tile_can_be_assembled_and_is_right_where_the_processor_has_the_instruction()
    {
        for (var rows = 1; rows <= Vnni512Assembly.MostRows; rows++)
            foreach (var terms in (int[])[1, 2])
                foreach (var offsets in (bool[])[false, true])
                {
                    Vnni512Assembly.Tile(rows, terms, offsets, 4).Length.ShouldBeInRange(300, 4096);
                    if (Vnni512Kernels.IsSupported)
                        new Vnni512Kernels(Int8Kernels.Best).Make(rows, terms, offsets, 4)
                            .ShouldNotBe(0, $"{rows} rows, {terms} terms, offsets {offsets}");
                }
    }

    [Fact]
    public void Code_in_memory_runs()
    {
        if (!OperatingSystem.IsLinux()
            || System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
            return;
        // mov eax, 42; ret
        var code = ExecutableMemory.Create([0xB8, 42, 0, 0, 0, 0xC3]);
        ((nint)code).ShouldNotBe(0);
        ((delegate* unmanaged<int>)code)().ShouldBe(42);
    }
}
