using System.Diagnostics;
using System.Runtime;
using Tenon.Tensors.Threads;

namespace Tenon.Recipes;

/// <summary>What a stretch of work took, in seconds.</summary>
/// <param name="Alone">On processors of its own, without what is compiled in it.</param>
/// <param name="Wall">By the wall clock.</param>
/// <param name="Attention">Of those alone, attention's.</param>
/// <param name="Compiled">What compiling added to those alone: it happens once in a process, whatever the work.</param>
internal readonly record struct QuietTime(double Alone, double Wall, double Attention, double Compiled);

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
    private readonly (TimeSpan All, TimeSpan Here) _compiled =
        (JitInfo.GetCompilationTime(), JitInfo.GetCompilationTime(currentThread: true));

    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Ends the stretch. To be called on the thread that began it.</summary>
    public QuietTime Stop()
    {
        var wall = Stopwatch.GetElapsedTime(_start).TotalSeconds;
        if (_profile is null) return new QuietTime(wall, wall, 0, 0);
        var processor = (Environment.CpuUsage.TotalTime - _processor).TotalSeconds;
        _profile.Dispose();
        var here = (JitInfo.GetCompilationTime(currentThread: true) - _compiled.Here).TotalSeconds;
        var beside = Math.Max(0, (JitInfo.GetCompilationTime() - _compiled.All).TotalSeconds - here);
        var single = _profile.Seconds - _profile.Shares.Sum(share => share.Seconds);
        var alone = Alone(wall, processor, single, threads);
        // Compiling is measured by the wall clock, which others' work stretches: here as much as in the whole.
        var compiled = Math.Min(alone / 2, (here + beside / threads) * Had(wall, processor, single, threads));
        var attention = _profile.Shares.Where(share => share.What.StartsWith("attention", StringComparison.Ordinal))
            .Sum(share => share.Seconds);
        return new QuietTime(alone - compiled, wall, (alone - compiled) * Math.Min(1, attention / Math.Max(wall, 1e-9)), compiled);
    }

    /// <summary>Seconds that work needs alone.</summary>
    /// <param name="wall">Seconds by the wall clock.</param>
    /// <param name="processor">Processor seconds of all threads.</param>
    /// <param name="single">Seconds by the wall clock in which one thread alone had something to do.</param>
    /// <param name="threads">Threads.</param>
    public static double Alone(double wall, double processor, double single, int threads)
    {
        if (wall <= 0) return 0;
        single = Math.Clamp(single, 0, wall);
        return Math.Min(wall, (processor + (threads - 1) * single * Had(wall, processor, single, threads)) / threads);
    }

    // The share of its time that a thread with something to do had a processor: the same for the single thread as for all.
    private static double Had(double wall, double processor, double single, int threads) =>
        Math.Min(1, processor / Math.Max(1e-9, threads * (wall - Math.Clamp(single, 0, wall)) + Math.Clamp(single, 0, wall)));
}
