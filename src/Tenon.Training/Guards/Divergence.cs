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

    /// <summary>
    /// The first step whose completions were drawn by a policy that shows it, which the checkpoint of the step before holds; null where the
    /// policy may be sound (a reward's fault, or that of the update alone).
    /// </summary>
    public int? Since { get; init; }

    /// <summary>
    /// The step that a checkpoint has to be older than to be sound: whatever was made of that policy is not, nor is a checkpoint that the
    /// run went back to and has not trained on since.
    /// </summary>
    public int SoundBefore(TrainerState state) => Since is not { } since ? int.MaxValue
        : state.WentBackAt >= since - 1 ? Math.Min(since - 1, state.WentBackTo!.Value) : since - 1;

    /// <summary>One line for a person.</summary>
    public override string ToString() =>
        $"step {Step} has diverged: {What} is {Got}, the bound is {Bound}{(Where is null ? "" : $" ({Where})")}";

    /// <summary>The error that ends the run.</summary>
    public TenonException ToException(RunFolder folder, TrainerState state, string samples, double rate)
    {
        var steps = folder.CheckpointSteps().Where(step => step < Step).ToList();
        var sound = steps.LastOrDefault(step => step < SoundBefore(state));
        return new($"step {Step} has diverged: {What}", Bound, Got + (Where is null ? "" : $"; {Where}"),
            $"its completions are kept in {samples}; "
            + (sound > 0 ? $"the checkpoint of step {sound} is whole: `{folder.ResumeCommand()} --set on-divergence="
                + (Since is null ? "skip` (or back-to-checkpoint)" : "back-to-checkpoint`") + " goes on from there, or "
                : steps.Count > 0 ? $"no checkpoint is older than the policy that has diverged, which that of step {steps[^1]} holds: "
                : "there is no checkpoint yet: ")
            + $"begin anew with a smaller optimizer.learning-rate than {Rate(rate)}");
    }

    // 1000 and 0.001, where G3 would say 1E+03.
    private static string Rate(double rate) =>
        double.Parse(rate.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            .ToString(CultureInfo.InvariantCulture);
}
