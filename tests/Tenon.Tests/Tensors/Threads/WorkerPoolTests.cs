using Tenon.Tensors.Threads;

namespace Tenon.Tests.Tensors.Threads;

public unsafe class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_part_runs_once_in_every_job(int threads)
    {
        using var pool = new WorkerPool(threads);
        var counts = stackalloc int[64];
        for (var job = 0; job < 3000; job++)
        {
            var parts = 1 + (job % 64);
            new Span<int>(counts, 64).Clear();
            pool.Run(parts, counts, &Count);
            for (var i = 0; i < 64; i++) counts[i].ShouldBe(i < parts ? 1 : 0);
            if (job % 1000 == 0) Thread.Sleep(2);
        }
    }

    [Fact]
    public void Nested_jobs_run_in_the_calling_thread()
    {
        using var pool = new WorkerPool(3);
        var nest =
            new Nest { Pool = System.Runtime.InteropServices.GCHandle.ToIntPtr(System.Runtime.InteropServices.GCHandle.Alloc(pool)) };
        pool.Run(8, &nest, &RunNested);
        nest.Count.ShouldBe(8 * 5);
        System.Runtime.InteropServices.GCHandle.FromIntPtr(nest.Pool).Free();
    }

    [Fact]
    public void An_exception_reaches_the_caller_and_the_pool_goes_on()
    {
        using var pool = new WorkerPool(3);
        var counts = stackalloc int[64];
        new Span<int>(counts, 64).Clear();
        var thrown = false;
        try
        {
            pool.Run(20, counts, &Fail);
        }
        catch (InvalidOperationException e)
        {
            thrown = e.Message == "part 7";
        }

        thrown.ShouldBeTrue();
        pool.Run(10, counts, &Count);
        for (var i = 0; i < 10; i++) counts[i].ShouldBe(1);
    }

    [Fact]
    public void Several_threads_may_use_one_pool()
    {
        using var pool = new WorkerPool(2);
        Parallel.For(0, 4, _ =>
        {
            var counts = stackalloc int[64];
            for (var job = 0; job < 200; job++)
            {
                new Span<int>(counts, 64).Clear();
                pool.Run(64, counts, &Count);
                for (var i = 0; i < 64; i++) counts[i].ShouldBe(1);
            }
        });
    }

    [Fact]
    public void A_job_allocates_nothing()
    {
        using var pool = new WorkerPool(2);
        var counts = stackalloc int[64];
        pool.Run(64, counts, &Count);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) pool.Run(64, counts, &Count);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static void Count(int* counts, int part) => Interlocked.Increment(ref counts[part]);

    private static void Fail(int* counts, int part)
    {
        if (part == 7) throw new InvalidOperationException("part 7");
    }

    private static void RunNested(Nest* nest, int part)
    {
        var pool = (WorkerPool)System.Runtime.InteropServices.GCHandle.FromIntPtr(nest->Pool).Target!;
        pool.Run(5, nest, &CountNested);
    }

    private static void CountNested(Nest* nest, int part) => Interlocked.Increment(ref nest->Count);

    private struct Nest
    {
        public nint Pool;
        public int Count;
    }
}
