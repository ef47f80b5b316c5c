using Tenon.Cluster.Grains;
using Tenon.Models;
using Tenon.Rollouts;
using Tenon.Tensors;

namespace Tenon.Cluster.Workers;

/// <summary>
/// The base models of a worker, each in memory once: its own by their fingerprints, others by the name that a run has for them.
/// </summary>
/// <param name="own">MODEL words that the worker offers, wherever a run has them.</param>
internal sealed class WorkerModels(IReadOnlyList<string> own)
{
    private readonly Dictionary<(string Name, Precision Precision), CausalModel> _open = [];

    /// <summary>The model of a run.</summary>
    /// <exception cref="TenonException">It cannot be opened, or it is another.</exception>
    public CausalModel Open(BaseQuestion question)
    {
        var precision = Precisions.Of(question.Precision);
        lock (_open)
        {
            CausalModel? other = null;
            foreach (var name in own.Append(question.Model).Distinct())
            {
                if (!_open.TryGetValue((name, precision), out var model))
                {
                    // Where the worker has models of its own, a name that it does not know is no fault yet.
                    if (name == question.Model && own.Count > 0 && name != "tiny" && !Path.Exists(name)) continue;
                    _open[(name, precision)] = model = LanguageModel.OpenWeights(name, precision, 1).Model;
                }

                if (model.Fingerprint == question.Fingerprint) return model;
                other = model;
            }

            throw new TenonException($"model '{question.Model}'", $"the base with fingerprint {Short(question.Fingerprint)}",
                other is null ? "no such file here" : Short(other.Fingerprint),
                "give the worker the same files: tenon worker --model PATH");
        }
    }

    private static string Short(string fingerprint) => fingerprint[..Math.Min(12, fingerprint.Length)];
}
