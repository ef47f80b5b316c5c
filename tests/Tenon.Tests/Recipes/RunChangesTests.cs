using System.Text.Json.Nodes;
using Tenon.Recipes;
using Tenon.Runs;
using Tenon.Tests.Support;
using Tenon.Training.Settings;

namespace Tenon.Tests.Recipes;

/// <summary>What a recipe that is given to a run that goes on may leave out.</summary>
public sealed class RunChangesTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private JsonObject Resolved(params string[] overrides)
    {
        File.WriteAllText(Path.Combine(_runs.Folder, "d.jsonl"), "{\"problem\":\"1+1\",\"answer\":\"2\"}\n");
        var recipe = _runs.Recipe($"model: tiny\ndata: {{ train: {_runs.Folder}/d.jsonl, prompt: plain }}\nsteps: 2\n");
        return RecipeFile.Resolved(RecipeFile.Load<RunSettings>(recipe, overrides));
    }

    private JsonObject? Changes(JsonObject stored, JsonObject given)
    {
        using var run = RunFolder.Create(_runs.RunFolder($"{Guid.NewGuid():N}"), new JsonObject());
        return (JsonObject?)RunChanges.Apply(run, new RunDescription { Recipe = stored }, given, _ => { }).Changes?[0]?["keys"];
    }

    /// <summary>Runs of version 0.1 hold the usual names of the columns; a recipe without them means the same.</summary>
    [Fact]
    public void Columns_that_an_earlier_version_wrote_down_need_not_be_named_again()
    {
        var stored = Resolved("data.problem-column=problem", "data.answer-column=answer");
        Changes(stored, Resolved()).ShouldBeNull();
        Changes(stored, Resolved("steps=3"))!.Select(p => p.Key).ShouldBe(["steps"]);
        Should.Throw<TenonException>(() => Changes(stored, Resolved("data.problem-column=other"))).Message.ShouldContain("problem-column");
    }
}
