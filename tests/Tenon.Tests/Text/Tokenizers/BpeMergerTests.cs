using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Text.Tokenizers;

/// <summary>The merger against the definition: the pair of lowest rank is joined, leftmost first, until none is known.</summary>
public class BpeMergerTests
{
    private static (Dictionary<string, int> Vocabulary, List<(string, string)> Merges) Random(Random random, string letters, int count)
    {
        var tokens = Enumerable.Range(0, 256).Select(b => ByteAlphabet.Of((byte)b).ToString()).ToList();
        var vocabulary = tokens.Select((t, i) => (t, i)).ToDictionary(p => p.t, p => p.i, StringComparer.Ordinal);
        var usable = letters.Select(c => c.ToString()).ToList();
        var merges = new List<(string, string)>();
        while (merges.Count < count)
        {
            var (left, right) = (usable[random.Next(usable.Count)], usable[random.Next(usable.Count)]);
            if (left.Length + right.Length > 12 || merges.Contains((left, right))) continue;
            merges.Add((left, right));
            if (vocabulary.TryAdd(left + right, vocabulary.Count)) usable.Add(left + right);
        }
        return (vocabulary, merges);
    }

    private static int[] ByDefinition(string text, Dictionary<string, int> vocabulary, List<(string, string)> merges)
    {
        var symbols = text.Select(c => c.ToString()).ToList();
        while (true)
        {
            var (best, at) = (int.MaxValue, -1);
            for (var i = 0; i + 1 < symbols.Count; i++)
                if (merges.IndexOf((symbols[i], symbols[i + 1])) is var rank and >= 0 && rank < best) (best, at) = (rank, i);
            if (at < 0) return [.. symbols.Select(s => vocabulary[s])];
            symbols[at] += symbols[at + 1];
            symbols.RemoveAt(at + 1);
        }
    }

    [Fact]
    public void Pieces_of_every_length_are_merged_as_the_definition_says()
    {
        var random = new Random(5);
        for (var round = 0; round < 12; round++)
        {
            var (vocabulary, merges) = Random(random, "abc"[..(1 + round % 3)] + "d", 40);
            var merger = new BpeMerger(vocabulary, merges, new MergeSettings(), "test");
            foreach (var length in (int[])[0, 1, 2, 3, 7, 23, 24, 25, 26, 49, 120, 300])
            {
                var text = new string([.. Enumerable.Range(0, length).Select(_ => "abcd"[random.Next(4)])]);
                var ids = new List<int>();
                merger.Encode(text, ids);
                ids.ToArray().ShouldBe(ByDefinition(text, vocabulary, merges), text);
            }
        }
    }

    [Fact]
    public void A_piece_of_one_letter_repeated_is_merged_from_the_left()
    {
        var vocabulary = new Dictionary<string, int> { ["a"] = 0, ["aa"] = 1, ["aaaa"] = 2 };
        var merger = new BpeMerger(vocabulary, [("a", "a"), ("aa", "aa")], new MergeSettings(), "test");
        foreach (var length in (int[])[5, 30, 1000, 100_003])
        {
            var ids = new List<int>();
            merger.Encode(new string('a', length), ids);
            ids.Count(id => id == 2).ShouldBe(length / 4);
            ids.Sum(id => id == 2 ? 4 : id == 1 ? 2 : 1).ShouldBe(length);
        }
    }

    [Fact]
    public void Threads_that_merge_at_once_do_not_meet()
    {
        var random = new Random(3);
        var (vocabulary, merges) = Random(random, "abcd", 60);
        var merger = new BpeMerger(vocabulary, merges, new MergeSettings(), "test");
        var texts = Enumerable.Range(0, 64).Select(_ => new string([.. Enumerable.Range(0, 200).Select(_ => "abcd"[random.Next(4)])]))
            .ToList();
        var alone = texts.ConvertAll(t => ByDefinition(t, vocabulary, merges));
        Parallel.For(0, texts.Count, i =>
        {
            var ids = new List<int>();
            merger.Encode(texts[i], ids);
            ids.ToArray().ShouldBe(alone[i]);
        });
    }
}
