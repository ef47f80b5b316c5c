using System.Diagnostics;
using Tenon.Tensors.Threads;

namespace Tenon.Recipes;

/// <summary>
/// Times a stretch of work as it would go on processors of its own. On a machine that does other things the wall clock also counts what
/// the others did; processor time does not. All of it shared among the threads, and what lies in no job for one thread alone, is the time
/// that the stretch needs.
/// </summary>
/// <param name="threads">
/// Threads that share the jobs; 0 where only the wall clock counts, as for work that waits for other programs.
/// </param>
internal sealed class QuietClock(int threads)
{
    private readonly WorkProfile? _profile = threads > 0 ? WorkProfile.Start() : null;
    private readonly TimeSpan _processor = Environment.CpuUsage.TotalTime;
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Ends the stretch: its seconds alone, and by the wall clock. To be called on the thread that began it.</summary>
    public (double Alone, double Wall) Stop()
    {
        var wall = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        if (_profile is null) return (wall, wall);
        var processor = (Environment.CpuUsage.TotalTime - _processor).TotalSeconds;
        _profile.Dispose();
        return (Alone(wall, processor, _profile.Seconds - _profile.Shares.Sum(share => share.Seconds), threads), wall);
    }

    /// <summary>Seconds that work needs alone.</summary>
    /// <param name="wall">Seconds by the wall clock.</param>
    /// <param name="processor">Processor seconds of all threads.</param>
    /// <param name="single">Seconds by the wall clock in which one thread alone had something to do.</param>
    /// <param name="threads">Threads.</param>
    public static double Alone(double wall, double processor, double single, int threads)
    {
        if (wall <= 0) return 0;
        // The wall clock of the single thread is stretched as much as that of all.
        single = Math.Clamp(single, 0, wall);
        var had = Math.Min(1, processor / (threads * (wall - single) + single));
        return Math.Min(wall, (processor + (threads - 1) * single * had) / threads);
    }
}
