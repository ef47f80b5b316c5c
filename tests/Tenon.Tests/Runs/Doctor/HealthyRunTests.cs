using Tenon.Recipes;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;
using Tenon.Training;

namespace Tenon.Tests.Runs.Doctor;

/// <summary>Runs that learn have no finding, while they run and afterwards.</summary>
[Trait("Speed", "slow")]
public sealed class HealthyRunTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    // The whole of what `tenon quickstart` runs but the held-out evaluations' size, and the same steps under other objectives and methods.
    [Theory]
    [InlineData("evaluate.problems=64")]
    [InlineData("evaluate.problems=64", "steps=12", "objective.preset=gspo", "update.minibatches=2", "optimizer.learning-rate=1e-3")]
    [InlineData("evaluate.problems=64", "steps=12", "adapter.method=dora", "objective.preset=rloo", "optimizer.learning-rate=1e-3")]
    public void The_quickstart_and_its_kin_have_no_finding(params string[] overrides)
    {
        var remarks = new List<string>();
        var folder = _runs.RunFolder("run");
        using (var run = TrainingRun.Create(Recipe.Load(Repository.Path("recipes/quickstart.yaml")).Set(overrides), folder))
            run.Train(e =>
            {
                if (e is Remark remark) remarks.Add(remark.Text);
            });
        remarks.ShouldNotContain(text => text.StartsWith("doctor:", StringComparison.Ordinal));
        Call.Tenon("doctor", folder).Out.ShouldContain("nothing found");
    }
}
