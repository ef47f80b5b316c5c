using Tenon.Adapters;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>The copies of its adapter that a run compares itself with; a part of its checkpoints.</summary>
internal sealed class FrozenPolicies
{
    private readonly List<(string File, FrozenPolicy Copy, int Period, double Decay)> _copies = [];

    /// <summary>The copies that an objective asks for, of the adapter as it is: a run that goes on reads them next.</summary>
    public FrozenPolicies(ObjectiveSettings objective, AdapterSet adapter)
    {
        if (objective.NeedsReference && objective.KlReference != KlReference.Base)
            Reference = Add("kl-reference.safetensors", adapter, objective.KlReference == KlReference.Moving, objective.KlReferencePeriod,
                objective.KlReferenceDecay);
        if (objective.Teacher is Objectives.Teacher.Solution or Objectives.Teacher.OwnAnswer
            && objective.TeacherPolicy is TeacherPolicy.Start or TeacherPolicy.Moving)
            Teacher = Add("teacher.safetensors", adapter, objective.TeacherPolicy == TeacherPolicy.Moving, objective.TeacherPeriod,
                objective.TeacherDecay);
    }

    /// <summary>The reference of the divergence; null where it is the model without an adapter.</summary>
    public FrozenPolicy? Reference { get; }

    /// <summary>The teacher's weights; null where they are the policy's or the base's.</summary>
    public FrozenPolicy? Teacher { get; }

    /// <summary>Moves what moves after a step.</summary>
    public void After(int step)
    {
        foreach (var (_, copy, period, decay) in _copies)
            if (period > 0 && step % period == 0)
                copy.Move(decay);
    }

    /// <summary>Writes the copies into a checkpoint.</summary>
    public void Save(string folder)
    {
        foreach (var (file, copy, _, _) in _copies) copy.Save(Path.Combine(folder, file));
    }

    /// <summary>Reads them back.</summary>
    public void Load(string folder)
    {
        foreach (var (file, copy, _, _) in _copies) copy.Load(Path.Combine(folder, file));
    }

    private FrozenPolicy Add(string file, AdapterSet adapter, bool moves, int period, double decay)
    {
        var copy = new FrozenPolicy(adapter);
        _copies.Add((file, copy, moves ? period : 0, decay));
        return copy;
    }
}
