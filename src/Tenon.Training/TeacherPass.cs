using Tenon.Models.Layers;
using Tenon.Rollouts;
using Tenon.Tensors;
using Tenon.Training.Objectives;

namespace Tenon.Training;

/// <summary>
/// A teacher's log-probabilities of the run's own completions, by the same passes that score a reference: the same model with more in its
/// prompt (a solution, another right answer of the group), or another model with the policy's prompt. It costs one forward pass: the tokens
/// that were sampled are scored, and where the loss compares distributions over the vocabulary the last hidden states are kept, of which
/// the teacher's head makes its logits again when they are needed.
/// </summary>
internal sealed class TeacherPass
{
    private readonly TrainingSetup _setup;
    private readonly ObjectiveSettings _objective;
    private readonly PolicyUpdater _updater;
    private readonly FrozenPolicy? _frozen;
    private readonly ProblemPrompts _prompts;
    private readonly int _longest;

    /// <summary>A teacher for a run.</summary>
    public TeacherPass(TrainingSetup setup, PolicyUpdater own, PassOptions pass, FrozenPolicies frozen)
    {
        (_setup, _objective, _frozen) = (setup, setup.Objective, frozen.Teacher);
        var other = setup.TeacherModel;
        _updater = other is null ? own
            : new PolicyUpdater(other, setup.Settings.Rollout.Temperature, pass with { DropoutSeed = null },
            new Tape(null, setup.Precision));
        _longest = (other ?? setup.Model).MaxLength;
        _prompts = new ProblemPrompts(setup.Encoder, setup.Settings.Data.Prompt, setup.Settings.Data.System);
    }

    /// <summary>What the teacher says of every completion token.</summary>
    public TaughtTokens Score(IReadOnlyList<RolloutGroup> groups, PolicyBatch batch)
    {
        var (logps, entropies) = (new double[batch.Mask.Length], new double[batch.Mask.Length]);
        Array.Fill(logps, double.NaN);
        Array.Fill(entropies, double.NaN);
        var states = _objective.DistilsVocabulary ? new float[batch.RowStarts.Length - 1][] : null;
        var head = (_setup.TeacherModel ?? _setup.Model).Head;
        var taught = new TaughtTokens(logps, entropies, states, head.Inputs, head.Base);
        var (asked, rows) = Ask(groups, batch);
        if (asked.Count == 0) return taught;
        var (scores, spread, seen) = Pass(asked);
        for (var (i, next) = (0, 0); i < rows.Count; i++)
        {
            var start = batch.RowStarts[rows[i]];
            var length = batch.RowStarts[rows[i] + 1] - start;
            scores.AsSpan(next, length).CopyTo(logps.AsSpan(start));
            spread.AsSpan(next, length).CopyTo(entropies.AsSpan(start));
            states?[rows[i]] = seen![i];
            next += length;
        }

        return taught;
    }

    private (double[] Logps, double[] Entropies, float[][]? States) Pass(List<RolloutGroup> asked)
    {
        IAdapter? adapter =
            _objective.Teacher == Teacher.Model || _objective.TeacherPolicy == TeacherPolicy.Base ? null : _setup.Adapter;
        (double[], double[], float[][]?) Scored()
        {
            if (_objective.DistilsVocabulary) return _updater.ScoreStates(asked, adapter);
            var (logps, entropies) = _updater.Score(asked, adapter);
            return (logps, entropies, null);
        }

        return _frozen is null ? Scored() : _frozen.Under(Scored);
    }

    // The completions with the prompts that their teacher reads, those of one prompt together, and the rows of the batch they are.
    private (List<RolloutGroup> Groups, List<int> Rows) Ask(IReadOnlyList<RolloutGroup> groups, PolicyBatch batch)
    {
        var (asked, rows) = (new List<RolloutGroup>(), new List<int>());
        for (var g = 0; g < groups.Count; g++)
        {
            var group = groups[g];
            var first = batch.GroupStarts[g];
            foreach (var same in Enumerable.Range(0, group.Rollouts.Count).GroupBy(i => Shown(group, i, batch.Right!.AsSpan(first)))
                .Where(same => same.Key is not null))
            {
                var prompt = _objective.Teacher == Teacher.Model ? group.Prompt : _prompts.WithSolution(group.Problem,
                    _objective.TeacherPrompt ?? Default, same.Key!);
                if (_objective.Teacher != Teacher.Model && prompt.Length > _objective.TeacherMaxTokens) continue;
                int[] fits = [.. same.Where(i => group.Rollouts[i].Sampled.Ids.Length is > 0 and var n && prompt.Length + n <= _longest)];
                if (fits.Length == 0) continue;
                asked.Add(group with { Prompt = prompt, Rollouts = [.. fits.Select(i => group.Rollouts[i])] });
                rows.AddRange(fits.Select(i => first + i));
            }
        }

        return (asked, rows);
    }

    private string Default => _objective.Teacher == Teacher.OwnAnswer
        ? "{prompt}\n\nA correct answer to this problem:\n{solution}\n\nNow solve the problem correctly."
        : "{prompt}\n\nA reference solution to this problem:\n{solution}\n\nHaving understood it, solve the problem in your own words.";

    // What completion i's teacher is shown; null where it has none.
    private string? Shown(RolloutGroup group, int i, ReadOnlySpan<bool> right)
    {
        if (_objective.Teacher == Teacher.Model) return "";
        if (_objective.Teacher == Teacher.Solution)
            return group.Problem.Solution ?? (group.Problem.Answer.Length > 0 ? group.Problem.Answer : null);
        for (var j = 0; j < group.Rollouts.Count; j++)
            if (j != i && right[j])
                return group.Rollouts[j].Text;
        return null;
    }
}
