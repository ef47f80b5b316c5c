using Tenon.Models.Layers;
using Tenon.Tensors;
using Tenon.Tensors.Ops;

namespace Tenon.Adapters;

/// <summary>
/// Trained rows of the embedding for some tokens, in the order given; they replace the frozen rows. A tied head follows: the logits of
/// these tokens come
/// from the trained rows. Of a token that is named twice the last row counts, as <c>index_copy</c> has it.
/// </summary>
internal sealed class TokenRows : EmbeddingAdapter
{
    private readonly Parameter _rows;
    private readonly Dictionary<int, int> _places;
    private readonly string _key;

    private TokenRows(Embedding layer, Parameter rows, Dictionary<int, int> places, string key)
        : base(layer)
    {
        _rows = rows;
        _places = places;
        _key = key;
    }

    internal override bool Replaces => true;

    public override IEnumerable<(string Key, Parameter Tensor)> Tensors => [(_key, _rows)];

    public override Tensor Forward(Tape tape, int[] ids) =>
        tape.EmbedReplacing(Layer.Table, _rows, [.. ids.Select(i => _places.GetValueOrDefault(i, -1))], ids);

    public override float[] EffectiveTable(float[] table)
    {
        Replace(table, _rows, _places);
        return table;
    }

    /// <summary>
    /// Adds rows of the embedding to an adapter. A tied head follows them where <paramref name="headFollows"/>; <paramref name="headKey"/>
    /// then names them a second time, as PEFT's own type for it does.
    /// </summary>
    public static void AddTo(AdapterSet set, IReadOnlyList<int> tokens, string key, bool headFollows = true, string? headKey = null)
    {
        var (rows, places) = Copy(set, tokens, set.Model.Embedding.Table, $"{set.Model.Embedding.Path}.{key}");
        set.Add(new TokenRows(set.Model.Embedding, rows, places, key));
        if (headFollows && set.Model.IsTied)
            set.Add(new TokenRowsHead(set.Model.Head, rows, rows.Alias($"{set.Model.Head.Path}.{key}"), places, headKey));
    }

    /// <summary>Adds rows of the head alone to an adapter.</summary>
    public static void AddToHead(AdapterSet set, IReadOnlyList<int> tokens, string key)
    {
        var (rows, places) = Copy(set, tokens, set.Model.Head.Weight, $"{set.Model.Head.Path}.{key}");
        set.Add(new TokenRowsHead(set.Model.Head, rows, rows, places, key));
    }

    private static (Parameter Rows, Dictionary<int, int> Places) Copy(AdapterSet set, IReadOnlyList<int> tokens, FrozenMatrix table,
        string name)
    {
        if (set.Settings.Start.Peft is null && tokens.GroupBy(t => t).FirstOrDefault(g => g.Count() > 1 || g.Key < 0) is { } odd)
            throw new TenonException("adapter.trainable-tokens", $"different token ids from 0 to {table.Outputs - 1}", odd.Key < 0
                ? $"{odd.Key}" : $"{odd.Key} twice", usage: true);
        var rows = Parameter.Create(name, tokens.Count, table.Inputs);
        var places = new Dictionary<int, int>();
        rows.Update(values =>
        {
            for (var k = 0; k < tokens.Count; k++)
            {
                // PEFT counts a negative index from the end.
                var id = tokens[k] < 0 ? tokens[k] + (int)table.Outputs : tokens[k];
                if (id < 0 || id >= table.Outputs)
                    throw new TenonException("adapter.trainable-tokens", $"token ids below {table.Outputs}", $"{tokens[k]}", usage: true);
                places[id] = k;
                table.CopyRows(id, values.Slice(k * (int)table.Inputs, (int)table.Inputs));
            }
        });
        return (rows, places);
    }

    private static void Replace(float[] table, Parameter rows, Dictionary<int, int> places)
    {
        var size = (int)rows.Columns;
        foreach (var (id, row) in places) rows.Value.Slice(row * size, size).CopyTo(table.AsSpan(id * size));
    }

    private sealed class TokenRowsHead(Linear head, Parameter rows, Parameter alias, Dictionary<int, int> places, string? key)
        : LinearAdapter(head)
    {
        private readonly int[] _columns = [.. places.Keys];
        private readonly int[] _sources = [.. places.Values];

        internal override bool Replaces => true;

        public override IEnumerable<(string Key, Parameter Tensor)> Tensors => key is null ? [] : [(key, rows)];

        public override Tensor Forward(Tape tape, Tensor x) =>
            tape.ReplaceColumns(Base(tape, x), tape.MatMul(x, alias), _columns, _sources);

        public override float[] EffectiveWeight(float[] weight)
        {
            Replace(weight, rows, places);
            return weight;
        }
    }
}
