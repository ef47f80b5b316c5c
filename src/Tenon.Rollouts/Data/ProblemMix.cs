using Tenon.Rewards;
using Tenon.Rewards.Tasks;

namespace Tenon.Rollouts.Data;

/// <summary>
/// Several sources drawn by weight, and tasks of several levels. Which source and level a draw comes from is a pure function of the seed,
/// the draw's number and what the run has seen before its step.
/// </summary>
/// <param name="sources">The sources, in the recipe's order.</param>
/// <param name="seed">The run's seed.</param>
/// <param name="steps">Steps of the run: what a curriculum by step is stretched over where it does not say.</param>
public sealed class ProblemMix(IReadOnlyList<DataSource> sources, ulong seed, int steps) : ProblemSource
{
    private readonly double _weights = sources.Sum(source => source.Weight);
    private MixDraws? _replayed;
    private long _reached;

    /// <summary>The sources.</summary>
    public IReadOnlyList<DataSource> Sources => sources;

    /// <inheritdoc/>
    public override int? Count => sources.All(source => source.Count is not null) ? sources.Sum(source => source.Count!.Value) : null;

    /// <summary>The problem of a cursor as a run that never leaves its first step would draw it.</summary>
    public override Problem At(long cursor)
    {
        if (_replayed is null || cursor < _reached) (_replayed, _reached) = (new MixDraws(this, [], 1), 0);
        while (_reached < cursor) _replayed.Next(_reached++);
        _reached++;
        return _replayed.Next(cursor);
    }

    /// <inheritdoc/>
    public override ProblemDraws Begin(IReadOnlyList<SourceState> states, int step) => new MixDraws(this, states, step);

    private sealed class MixDraws(ProblemMix mix, IReadOnlyList<SourceState> states, int step) : ProblemDraws(mix)
    {
        private readonly SourceState[] _states =
            [.. mix.Sources.Select((_, i) => i < states.Count ? states[i] : new SourceState())];

        public override IReadOnlyList<SourceState> States => _states;

        public override IEnumerable<(string Name, int Level)> Levels => mix.Sources
            .Select((source, i) => (source.Name, Level: source.Curriculum is null ? 0 : Current(i))).Where(pair => pair.Level > 0);

        public override Problem Next(long cursor)
        {
            var i = mix.SourceOf(cursor);
            var source = mix.Sources[i];
            var at = _states[i].Cursor;
            _states[i] = _states[i] with { Cursor = at + 1 };
            if (source.File is { } file)
            {
                var problem = file.At(at);
                // Ids name a problem for memory and for people: two files may have the same ones.
                var id = mix.Sources.Count == 1 ? problem.Id : $"{source.Name}/{problem.Id}";
                return problem
                    with
                { Id = id, System = problem.System ?? source.System, Origin = new(i, source.Name, null, source.Prompt) };
            }

            var level = LevelOf(i, cursor);
            var name = source.Levels.Count == 1 ? source.Name : $"{source.Name}-{level}";
            return source.Task!.Draw(level, mix.Seed, at, Split.Train)
                with
            { System = source.System, Origin = new(i, name, level, source.Prompt) };
        }

        public override void Judged(Problem problem, int right, int judged)
        {
            if (problem.Origin is not { Level: { } level } origin || mix.Sources[origin.Source].Curriculum is not { By: "accuracy" } plan)
                return;
            var (state, source) = (_states[origin.Source], mix.Sources[origin.Source]);
            if (level != Current(origin.Source)) return;
            state = state with { Level = level, Judged = state.Judged + judged, Right = state.Right + right };
            if (state.Judged >= plan.Window)
            {
                var accuracy = state.Right / (double)state.Judged;
                var next = level + (accuracy >= plan.RaiseAt ? 1 : accuracy <= plan.LowerAt ? -1 : 0);
                state = state with { Level = Math.Clamp(next, source.Levels.First, source.Levels.Last), Judged = 0, Right = 0 };
            }

            _states[origin.Source] = state;
        }

        private int LevelOf(int i, long cursor)
        {
            var (source, first) = (mix.Sources[i], mix.Sources[i].Levels.First);
            if (source.Curriculum is not { } plan) return first + mix.Pick(source.Levels.Count, cursor, 1);
            var current = Current(i);
            return current > first && mix.Uniform(cursor, 2) < plan.Review ? first + mix.Pick(current - first, cursor, 1) : current;
        }

        private int Current(int i)
        {
            var (levels, plan) = (mix.Sources[i].Levels, mix.Sources[i].Curriculum!);
            if (plan.By == "accuracy") return Math.Max(levels.First, _states[i].Level);
            return Math.Min(levels.Last, levels.First + (int)((step - 1L) * levels.Count / (plan.OverSteps ?? mix.Steps)));
        }
    }

    private ulong Seed => seed;

    private int Steps => steps;

    private int SourceOf(long cursor)
    {
        if (sources.Count == 1) return 0;
        var left = Uniform(cursor, 0) * _weights;
        for (var i = 0; i < sources.Count - 1; i++)
            if ((left -= sources[i].Weight) < 0)
                return i;
        return sources.Count - 1;
    }

    private double Uniform(long cursor, uint position) =>
        new RandomKey(seed).UniformDouble(RandomPurpose.DataMix, 0, (uint)cursor, (uint)(cursor >> 32), position);

    private int Pick(int count, long cursor, uint position) =>
        new RandomKey(seed).Index(count, RandomPurpose.DataMix, 0, (uint)cursor, (uint)(cursor >> 32), position);
}
