using Tenon.Adapters;
using Tenon.Models.Weights;

namespace Tenon.Studies;

/// <summary>
/// Ranks under <c>equal: parameters</c>: each row gets the rank whose trainable parameters come nearest to those of the row it is compared
/// with. A method whose number of parameters does not hang on the rank stays as it is.
/// </summary>
internal sealed class ParameterBudget(StudyPlan plan)
{
    private const int MostRank = 512;
    private readonly Dictionary<string, IReadOnlyList<string>> _overrides = [];

    /// <summary>What the budget changes of a row's recipe.</summary>
    public IReadOnlyList<string> Overrides(StudyRow row)
    {
        if (plan.Recipe.Equal != StudyBudget.Parameters) return [];
        if (_overrides.TryGetValue(row.Label, out var known)) return known;
        return _overrides[row.Label] = Of(row);
    }

    private IReadOnlyList<string> Of(StudyRow row)
    {
        var reference = plan.ReferenceOf(row);
        if (reference is null || reference.Label == row.Label) return [];
        var (method, settings, model) = (Method(row, out var own), own, own?.Model);
        if (method is null || settings is null || Method(reference, out var theirs) is not { } other || theirs is null) return [];
        using var source = ModelSource.Open(model!);
        if (other.Count(source.Config, theirs.Adapter) is not { } wanted) return [];
        if (At(1) is { } one && At(2) == one) return [];
        var best = Enumerable.Range(1, MostRank).Select(rank => (Rank: rank, Count: At(rank))).Where(r => r.Count is not null)
            .OrderBy(r => Math.Abs(r.Count!.Value - wanted)).ThenBy(r => r.Rank).FirstOrDefault();
        return best.Rank == 0 ? [] : [$"adapter.rank={best.Rank}"];

        long? At(int rank)
        {
            try
            {
                return method.Count(source.Config, settings.Adapter with { Rank = rank });
            }
            catch (TenonException)
            {
                return null;
            }
        }
    }

    private AdapterMethod? Method(StudyRow row, out Training.Settings.RunSettings? settings)
    {
        settings = StudyCell.Of(plan.Recipe, row, [], 0, StudyRole.Report).Settings;
        return settings is null ? null : AdapterMethod.Of(settings.Adapter.Method);
    }
}
