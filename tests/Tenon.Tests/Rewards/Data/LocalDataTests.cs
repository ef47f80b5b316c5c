using Tenon.Rewards.Data;
using Tenon.Tests.Support;

namespace Tenon.Tests.Rewards.Data;

/// <summary>The benchmark files beside the goldens are read whole (skipped where they are absent).</summary>
public class LocalDataTests
{
    [Fact]
    public void Every_local_data_file_is_read_without_duplicates()
    {
        var folder = GoldenFolder.RequireSibling("TENON_DATA", "data");
        var files = Directory.GetFiles(folder, "*.jsonl", SearchOption.AllDirectories);
        files.ShouldNotBeEmpty();
        foreach (var path in files)
        {
            var file = ProblemFile.Read(path);
            file.Problems.Count.ShouldBe(File.ReadLines(path).Count(l => l.Length > 0));
            file.DuplicateIds.ShouldBeEmpty(path);
        }
    }
}
