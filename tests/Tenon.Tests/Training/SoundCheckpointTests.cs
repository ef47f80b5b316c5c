using Tenon.Training;
using Tenon.Training.Guards;

namespace Tenon.Tests.Training;

/// <summary>Which checkpoints are older than what has diverged.</summary>
public class SoundCheckpointTests
{
    private static Divergence At(int step, int? since) => new(step, "accuracy", "more", "less") { Since = since };

    [Fact]
    public void A_fault_of_a_reward_or_of_an_update_leaves_every_checkpoint_sound() =>
        At(5, null).SoundBefore(new TrainerState { Step = 5 }).ShouldBe(int.MaxValue);

    [Theory]
    [InlineData(5, 5, 4)]
    [InlineData(5, 3, 2)]
    public void The_policy_that_drew_the_completions_is_in_the_checkpoint_of_the_step_before(int step, int since, int before) =>
        At(step, since).SoundBefore(new TrainerState { Step = step }).ShouldBe(before);

    [Fact]
    public void A_checkpoint_that_the_run_went_back_to_and_has_not_trained_on_is_as_bad()
    {
        // Step 5 went back to 2, and step 6 drew from it.
        At(6, 6).SoundBefore(new TrainerState { Step = 6, WentBackAt = 5, WentBackTo = 2 }).ShouldBe(2);
        // Step 6 trained on it and step 7 shows what came of that.
        At(7, 7).SoundBefore(new TrainerState { Step = 7, WentBackAt = 5, WentBackTo = 2 }).ShouldBe(6);
        // Steps 6 to 8 show it, the first of them drew from it.
        At(8, 6).SoundBefore(new TrainerState { Step = 8, WentBackAt = 5, WentBackTo = 2 }).ShouldBe(2);
    }
}
