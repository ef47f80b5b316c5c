using Tenon.Recipes;
using Tenon.Tests.Support;
using Tenon.Training;

namespace Tenon.Tests.Recipes;

public class TrainingRunTests
{
    private const string Text = """
        model: tiny
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 2, group: 2, max-new-tokens: 8 }
        steps: 2
        """;

    [Fact]
    public void A_recipe_tells_all_its_faults_when_its_settings_are_asked_for()
    {
        var recipe = Recipe.Parse(Text + "\nstepz: 3\nrollouts: 1\n", "mine");
        var fault = Should.Throw<TenonException>(() => recipe.Settings);
        fault.Message.ShouldContain("mine");
        fault.Message.ShouldContain("stepz");
        fault.Message.ShouldContain("rollouts");
    }

    [Fact]
    public void Set_gives_another_recipe_and_leaves_the_first()
    {
        var recipe = Recipe.Parse(Text);
        recipe.Set("steps=7", "adapter.method=dora").Settings.Steps.ShouldBe(7);
        recipe.Settings.Steps.ShouldBe(2);
    }

    [Fact]
    public void A_run_tells_what_happens_and_goes_on_from_its_folder()
    {
        using var folder = new TempFolder();
        var events = new List<TrainingEvent>();
        using var stop = new CancellationTokenSource();
        using (var run = TrainingRun.Create(Recipe.Parse(Text), folder["run"]))
        {
            run.AdapterFolder.ShouldBeNull();
            run.Train(e =>
            {
                events.Add(e);
                if (e is StepDone) stop.Cancel();
            }, stop.Token);
            run.AdapterFolder.ShouldNotBeNull();
        }

        events.OfType<StepDone>().Count().ShouldBe(1);
        events.OfType<RunEnded>().Single().Stopped.ShouldBeTrue();
        events.Clear();
        using var again = TrainingRun.Resume(folder["run"]);
        again.Train(events.Add);
        events.OfType<RunStarted>().Single().FirstStep.ShouldBe(1);
        events.OfType<StepDone>().Count().ShouldBe(1);
        events.OfType<RunEnded>().Single().Stopped.ShouldBeFalse();
    }
}
