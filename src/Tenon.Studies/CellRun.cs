using Tenon.Evaluation.Comparisons;
using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Training;

namespace Tenon.Studies;

/// <summary>Runs a cell to its end, or goes on with it, in the calling thread.</summary>
internal sealed class CellRun(StudyFolder folder, ModelShelf models, string home, StudyRoom room)
{
    /// <summary>The result; null where the run was asked to stop before its end.</summary>
    /// <exception cref="TenonException">The disk is full, or another fault that is not the cell's own.</exception>
    public CellResult? Run(StudyCell cell, Action<TrainingEvent> events, CancellationToken stop)
    {
        if (cell.Settings is not { } settings) return new CellResult(CellStatus.Refused) { Reason = cell.Refusal };
        TrainingRun run;
        var path = folder.RunOf(cell);
        try
        {
            run = RunFolder.IsRun(path) ? TrainingRun.Resume(path, null, models.Open, room.Jobs)
                : TrainingRun.Create(settings, path, models.Open, home, room.Jobs);
        }
        catch (TenonException e) when (e.IsUsage && !IsDisk(e))
        {
            return new CellResult(CellStatus.Refused) { Reason = Inside(e.Message) };
        }

        using (run)
        {
            var (model, own) = run.MemoryBytes;
            if (!room.TakeMemory(own, model, stop)) return null;
            try
            {
                run.Train(events, stop);
            }
            catch (TenonException e) when (!IsDisk(e))
            {
                return new CellResult(CellStatus.Diverged) { Reason = Inside(e.Message), Trainable = run.Trainable };
            }
            finally
            {
                room.GiveMemory(own);
            }
        }

        return stop.IsCancellationRequested && !IsWhole(path, settings.Steps, settings.Evaluate.Benchmarks) ? null : Finished(cell);
    }

    // Paths as the study's folder sees them: its record says the same wherever the folder stands.
    private string Inside(string message) =>
        message.Replace(folder.Folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);

    private CellResult Finished(StudyCell cell)
    {
        var settings = cell.Settings!;
        var path = folder.RunOf(cell);
        var reader = RunReader.Open(path);
        return new CellResult(CellStatus.Done)
        {
            Accuracy = Accuracies(path, settings.Steps, settings.Evaluate.Benchmarks),
            Trainable = reader.Run.Trainable,
            Tokens = (long)reader.Steps.Sum(step => step.Has(StepMetric.TokensSampled) ? step[StepMetric.TokensSampled] : 0),
            Seconds = reader.Steps.Sum(step => step.Has(StepMetric.Time) ? step[StepMetric.Time] : 0),
            Memory = reader.Steps.Where(step => step.Has(StepMetric.Memory)).Select(step => (double?)step[StepMetric.Memory]).Max(),
        };
    }

    /// <summary>Mean accuracy over the problems by benchmark, at a step.</summary>
    internal static IReadOnlyDictionary<string, double> Accuracies(string path, int step, IReadOnlyList<string> benchmarks)
    {
        var stored = StoredEvaluations.Read(path, step);
        var result = new Dictionary<string, double>();
        foreach (var name in benchmarks)
            if (stored.FirstOrDefault(e => name.StartsWith(e.Benchmark + "@", StringComparison.Ordinal) || name == e.Benchmark)
                is { } found)
                result[name] = found.Problems.Average(p => p.Scores.Average());
        return result;
    }

    private static bool IsWhole(string path, int steps, IReadOnlyList<string> benchmarks)
    {
        using var folder = RunFolder.Read(path);
        return folder.NewestCheckpoint().Step == steps
            && (benchmarks.Count == 0 || StoredEvaluations.Steps(path).Contains(steps));
    }

    private static bool IsDisk(TenonException e) => e.InnerException is IOException or UnauthorizedAccessException;
}
