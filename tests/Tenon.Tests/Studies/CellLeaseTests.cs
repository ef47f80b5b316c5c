using Tenon.Studies;
using Tenon.Tests.Support;

namespace Tenon.Tests.Studies;

/// <summary>Who may work on a cell, where several processes share a folder.</summary>
public class CellLeaseTests
{
    private static readonly TimeSpan S_patience = TimeSpan.FromSeconds(45);
    private long _now;

    private LeaseWatch Watch() => new(S_patience, () => _now);

    [Fact]
    public void One_of_many_takes_a_cell()
    {
        using var folder = new TemporaryFolder();
        var taken = 0;
        Parallel.For(0, 16, i =>
        {
            if (CellLease.TryTake(folder.Path, "cell", $"p{i}", Watch()) is not null) Interlocked.Increment(ref taken);
        });
        taken.ShouldBe(1);
    }

    [Fact]
    public void A_cell_that_is_given_back_is_free_at_once()
    {
        using var folder = new TemporaryFolder();
        CellLease.TryTake(folder.Path, "cell", "a", Watch())!.Release();
        CellLease.TryTake(folder.Path, "cell", "b", Watch()).ShouldNotBeNull();
    }

    [Fact]
    public void A_holder_that_beats_keeps_its_cell_and_one_that_stands_still_loses_it()
    {
        using var folder = new TemporaryFolder();
        var (dead, watch) = (CellLease.TryTake(folder.Path, "cell", "dead", Watch())!, Watch());
        CellLease.TryTake(folder.Path, "cell", "b", watch).ShouldBeNull();
        for (var i = 0; i < 5; i++)
        {
            _now += (long)S_patience.TotalMilliseconds;
            dead.Beat().ShouldBeTrue();
            CellLease.TryTake(folder.Path, "cell", "b", watch).ShouldBeNull();
        }

        _now += (long)S_patience.TotalMilliseconds;
        var taken = CellLease.TryTake(folder.Path, "cell", "b", watch).ShouldNotBeNull();
        dead.Beat().ShouldBeFalse("the dead one has come back and must see that its cell is gone");
        dead.Release();
        taken.Beat().ShouldBeTrue("a holder's lease does not go with that of the one before");
        CellLease.TryTake(folder.Path, "cell", "c", Watch()).ShouldBeNull();
    }

    [Fact]
    public void Two_that_see_a_dead_holder_do_not_both_take_its_cell()
    {
        using var folder = new TemporaryFolder();
        CellLease.TryTake(folder.Path, "cell", "dead", Watch());
        LeaseWatch[] watches = [.. Enumerable.Range(0, 8).Select(_ => Watch())];
        foreach (var watch in watches) CellLease.TryTake(folder.Path, "cell", "early", watch).ShouldBeNull();
        _now += (long)S_patience.TotalMilliseconds;
        var taken = 0;
        Parallel.For(0, watches.Length, i =>
        {
            if (CellLease.TryTake(folder.Path, "cell", $"p{i}", watches[i]) is not null) Interlocked.Increment(ref taken);
        });
        taken.ShouldBe(1);
    }

    [Fact]
    public void A_folder_is_tried_before_anything_is_run_and_left_as_it_was()
    {
        using var folder = new TemporaryFolder();
        CellLease.RequireExclusive(folder.Path);
        Directory.GetFileSystemEntries(folder.Path).ShouldBeEmpty();
    }
}
