using System.Globalization;
using Tenon.Runs;

namespace Tenon.Training.Guards;

/// <summary>A step that has passed a bound.</summary>
/// <param name="Step">The step.</param>
/// <param name="What">What has passed it.</param>
/// <param name="Bound">The bound.</param>
/// <param name="Got">The value.</param>
/// <param name="Where">The completion that shows it most, in words; null where all of the step does.</param>
internal sealed record Divergence(int Step, string What, string Bound, string Got, string? Where = null)
{
    /// <summary>True where the update was made before it showed.</summary>
    public bool IsMade { get; init; }

    /// <summary>One line for a person.</summary>
    public override string ToString() =>
        $"step {Step} has diverged: {What} is {Got}, the bound is {Bound}{(Where is null ? "" : $" ({Where})")}";

    /// <summary>The error that ends the run.</summary>
    public TenonException ToException(RunFolder folder, string samples, double rate) => new(
        $"step {Step} has diverged: {What}", Bound, Got + (Where is null ? "" : $"; {Where}"),
        $"its completions are kept in {samples}; "
        + (folder.CheckpointSteps().LastOrDefault(step => step < Step) is > 0 and var whole
            ? $"the checkpoint of step {whole} is whole: `{folder.ResumeCommand()} --set on-divergence=skip` (or back-to-checkpoint) "
            + $"goes on from there, or "
            : "there is no checkpoint yet: ")
        + $"begin anew with a smaller optimizer.learning-rate than {Rate(rate)}");

    // 1000 and 0.001, where G3 would say 1E+03.
    private static string Rate(double rate) =>
        double.Parse(rate.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            .ToString(CultureInfo.InvariantCulture);
}
