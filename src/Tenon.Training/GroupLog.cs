using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Tensors;

namespace Tenon.Training;

/// <summary>
/// Keeps the sampled groups of the steps that no checkpoint holds yet in the run's folder, so that a killed process costs the groups that
/// were open and nothing else. They count only for the weights that sampled them.
/// </summary>
/// <param name="setup">The run.</param>
/// <param name="sampler">The adapter that samples.</param>
/// <param name="files">Where they are kept.</param>
internal sealed class GroupLog(TrainingSetup setup, AdapterSet sampler, PendingGroups files) : IGroupStore
{
    /// <inheritdoc/>
    public IReadOnlyDictionary<int, SampledGroup> Begin(int step)
    {
        var head = new JsonObject
        {
            ["step"] = step,
            ["adapter"] = sampler.Sha256(),
            ["model"] = setup.Model.Fingerprint,
            ["numerics"] = Numerics.Of(setup.Precision),
            ["tier"] = setup.Precision.NamedTier(),
        };
        var groups = new Dictionary<int, SampledGroup>();
        foreach (var line in files.Open(step, head.ToLine()))
            if (GroupJson.ReadLine(line) is { } group)
                groups[group.Draw] = group;
        return groups;
    }

    /// <inheritdoc/>
    public void Add(SampledGroup group) => files.Append(GroupJson.Line(group));
}
