using Tenon.Tests.Support;
using Tenon.Training;

namespace Tenon.Tests.Training;

public class ProcessMemoryTests
{
    [Fact]
    public void A_system_without_a_status_file_tells_the_peak_as_dotnet_counts_it()
    {
        using var folder = new TempFolder();
        ProcessMemory.Read(folder["status"]).ShouldBeGreaterThan(1 << 20);
        File.WriteAllText(folder["status"], "Name:\ttenon\n");
        ProcessMemory.Read(folder["status"]).ShouldBeGreaterThan(1 << 20);
        File.WriteAllText(folder["status"], "Name:\ttenon\nVmHWM:\t   2048 kB\n");
        ProcessMemory.Read(folder["status"]).ShouldBe(2048 * 1024);
    }
}
