using Tenon.Models.Generation;

namespace Tenon.Rollouts;

/// <summary>The completions of one prompt as they were sampled, before any verdict.</summary>
/// <param name="Draw">Number of the draw within its step.</param>
/// <param name="Id">The problem's id.</param>
/// <param name="Prompt">Prompt ids.</param>
/// <param name="Samples">The completions, by their numbers.</param>
public sealed record SampledGroup(int Draw, string Id, int[] Prompt, IReadOnlyList<GeneratedSample> Samples);

/// <summary>
/// Keeps groups as soon as they are sampled, so that a process that goes on with a step samples only what is missing. A batch is the same
/// with and without: kept completions are judged again.
/// </summary>
public interface IGroupStore
{
    /// <summary>Begins a step, or goes on with it; gives the groups of it that are kept, by their draws.</summary>
    /// <param name="step">The step that the groups are drawn for.</param>
    IReadOnlyDictionary<int, SampledGroup> Begin(int step);

    /// <summary>Keeps a group of the step that was begun last.</summary>
    void Add(SampledGroup group);
}
