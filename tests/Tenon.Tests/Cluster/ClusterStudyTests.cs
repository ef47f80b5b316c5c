using System.Text.Json.Nodes;
using Tenon.Cluster.Trials;
using Tenon.Cluster.Workers;
using Tenon.Studies;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cluster;

/// <summary>Studies whose cells run on workers.</summary>
public sealed class ClusterStudyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Recipe() => _folder.File("study.yaml", """
        base:
          model: tiny
          adapter: { rank: 4 }
          data: { task: { name: arithmetic, level: 1 }, prompt: plain }
          rollout: { prompts: 2, group: 4, max-new-tokens: 8 }
          steps: 2
          evaluate: { problems: 6 }
          checkpoint: { every: 1, keep: 1 }
        axes: { adapter.method: [lora, ln-tuning] }
        seeds: [11, 12]
        compare-with: { adapter.method: lora }
        """);

    private string At(string name) => Path.Combine(_folder.Path, name);

    // Times are the only figures that two equal studies do not share.
    private static string Bare(Study study)
    {
        var json = JsonNode.Parse(study.Results.ToJson().ToJsonString())!;
        foreach (var cell in json["cells"]!.AsArray()) cell!.AsObject().Remove("seconds");
        return json.ToJsonString();
    }

    private static string[] Adapters(string folder) =>
        [.. Directory.GetFiles(folder, "adapter_model.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => Path.GetRelativePath(folder, file) + TinyRuns.Sha256(file))];

    private Study Local()
    {
        var study = Study.Create(Recipe(), At("local"));
        study.Run(2, 2).ShouldBeTrue();
        return study;
    }

    [Fact, Trait("Speed", "slow")]
    public void Cells_on_two_workers_give_the_same_study()
    {
        var local = Local();
        using var cluster = new WorkersInProcess(2);
        var study = Study.Create(Recipe(), At("cluster"));
        var ended = 0;
        using (var work = new ClusterStudy(study, cluster.Client, TimeSpan.FromSeconds(3), e => ended += e is CellEnded ? 1 : 0, _ => { }))
            work.Run(default).ShouldBeTrue();
        ended.ShouldBe(4);
        Bare(study).ShouldBe(Bare(local));
        Adapters(At("cluster")).ShouldBe(Adapters(At("local")));
    }

    [Fact, Trait("Speed", "slow")]
    public void Without_a_shared_folder_and_with_a_worker_killed_it_is_the_same()
    {
        var local = Local();
        using var cluster = new WorkersInProcess(3, _ => new WorkerOffer { Threads = 1, SeesNothing = true });
        var study = Study.Create(Recipe(), At("cluster"));
        var begun = 0;
        var remarks = new List<string>();
        using (var work = new ClusterStudy(study, cluster.Client, TimeSpan.FromSeconds(3), e =>
        {
            if (e is CellBegun && ++begun == 3) cluster.Kill(2);
        }, remarks.Add)) work.Run(default).ShouldBeTrue();
        remarks.ShouldContain(text => text.Contains("another takes"));
        Bare(study).ShouldBe(Bare(local));
        Adapters(At("cluster")).ShouldBe(Adapters(At("local")));
    }

    public void Dispose() => _folder.Dispose();
}
