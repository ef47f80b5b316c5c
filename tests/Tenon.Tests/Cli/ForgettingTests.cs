using System.Text.Json.Nodes;
using Tenon.Evaluation.Statistics;
using Tenon.Evaluation.Texts;
using Tenon.Rollouts;
using Tenon.Runs.Evaluations;
using Tenon.Tensors;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>Perplexity of texts and a second task, before and after an adapter, through the verbs.</summary>
public sealed class ForgettingTests : IDisposable
{
    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    private string Out(string name) => Path.Combine(_runs.Folder, name);

    private string Text(string name = "sums.jsonl", int count = 6)
    {
        File.WriteAllLines(Out(name), Enumerable.Range(0, count).Select(i => new JsonObject
        {
            ["id"] = $"d{i}", ["text"] = string.Join("; ", Enumerable.Range(0, 3 + i).Select(j => $"{10 + i}+{7 * j}={10 + i + 7 * j} é")),
        }.ToJsonString()));
        return Out(name);
    }

    private static JsonNode Line(Call call)
    {
        call.Exit.ShouldBe(0, call.Error);
        return JsonNode.Parse(call.Lines[^1])!;
    }

    [Fact]
    public void Perplexity_is_the_exponential_of_the_mean_loss_that_score_gives()
    {
        var line = Line(Call.Tenon("eval", "tiny", "--text", Text(), "--output", Out("e"), "--json"));
        var begin = (int)EvaluationFiles.ReadIdentity(Out("e"))!["tokenizer"]!["begin"]!;
        var tokenizer = LanguageModel.Open("tiny").Tokenizer.Tokenizer;
        var texts = File.ReadLines(Text()).Select(l => (string)JsonNode.Parse(l)!["text"]!).ToList();
        var ids = texts.Select(t => tokenizer.Encode(t)).ToList();
        File.WriteAllLines(Out("ids.jsonl"), ids.Select(i => new JsonObject { ["ids"] = Ids([begin, .. i]) }.ToJsonString()));
        var scored = Call.Tenon("score", "tiny", "--input", Out("ids.jsonl"));
        var loss = -scored.Lines.Sum(l => (double)JsonNode.Parse(l)!["sum"]!);
        var (tokens, bytes) = (ids.Sum(i => i.Length), texts.Sum(System.Text.Encoding.UTF8.GetByteCount));
        ((int)line["documents"]!, (int)line["tokens"]!, (int)line["bytes"]!).ShouldBe((6, tokens, bytes));
        ((double)line["perplexity"]!).ShouldBe(Math.Exp(loss / tokens), 1e-4 * Math.Exp(loss / tokens));
        ((double)line["bits_per_byte"]!).ShouldBe(loss / bytes / Math.Log(2), 1e-5);
        ((double)line["low"]!).ShouldBeLessThan((double)line["perplexity"]!);
        ((double)line["high"]!).ShouldBeGreaterThan((double)line["perplexity"]!);
        Call.Tenon("eval", "tiny", "--text", Text(), "--output", Out("e")).Out.ShouldContain("bits a byte, 6 documents");
    }

    [Theory]
    [InlineData(10, 10, 25, new[] { 0, 10, 20 }, new[] { 10, 10, 5 }, new[] { 0, 0, 0 })]
    [InlineData(10, 4, 16, new[] { 0, 4, 8 }, new[] { 10, 10, 8 }, new[] { 0, 6, 6 })]
    [InlineData(10, 4, 7, new[] { 0 }, new[] { 7 }, new[] { 0 })]
    public void Every_token_counts_once_in_the_first_window_that_holds_it(
        int window, int stride, int tokens, int[] starts, int[] lengths, int[] counted)
    {
        var windows = new TextSettings(window, stride).Windows(tokens).ToList();
        windows.Select(w => w.Start).ShouldBe(starts);
        windows.Select(w => w.Length).ShouldBe(lengths);
        windows.Select(w => w.Counted).ShouldBe(counted);
        windows.Sum(w => w.Length - w.Counted).ShouldBe(tokens);
    }

    [Fact]
    public void A_document_has_the_same_bits_in_any_batch_and_order()
    {
        var model = LanguageModel.Open("tiny", maxLength: 64);
        var documents = TextCorpus.Read(Text()).Documents
            .Select(d => new EncodedDocument(d, model.Tokenizer.Tokenizer.Encode(d.Text))).ToList();
        var alone = Scores(documents, 1);
        foreach (var batch in new[] { 40, 200, 100_000 }) Scores(documents, batch).ShouldBe(alone);
        Scores([.. documents.AsEnumerable().Reverse()], 150).ShouldBe(alone);
        alone.ShouldAllBe(s => s.Value.Contains("parts", StringComparison.Ordinal));

        SortedDictionary<string, string> Scores(IReadOnlyList<EncodedDocument> read, int batch)
        {
            var result = new SortedDictionary<string, string>();
            new TextScorer(model.Model, 0, new TextSettings(24, 7), Precision.F32, batch)
                .Score(read, null, s => result[s.Document] = s.ToJson().ToJsonString());
            return result;
        }
    }

    [Fact, Trait("Speed", "slow")]
    public void A_text_that_was_cut_off_goes_on_to_the_same_bytes_and_another_call_is_refused()
    {
        foreach (var place in new[] { "a", "b" }) Line(Call.Tenon("eval", "tiny", "--text", Text(), "--output", Out(place), "--json"));
        var file = Path.Combine(Out("b"), "documents.jsonl");
        var all = File.ReadAllLines(file);
        File.WriteAllText(file, all[4] + "\n" + all[1] + "\n" + all[0][..30]);
        File.Delete(Path.Combine(Out("b"), "summary.json"));
        TenonProcess.Run(["eval", "tiny", "--text", Text(), "--output", Out("b"), "--threads", "1"]).Exit.ShouldBe(0);
        foreach (var name in new[] { "identity.json", "documents.jsonl", "summary.json" })
            File.ReadAllText(Path.Combine(Out("b"), name)).ShouldBe(File.ReadAllText(Path.Combine(Out("a"), name)));
        foreach (var (differs, documents, more) in new (string, int, string[])[]
        {
            ("windows.stride", 6, ["--stride", "9"]), ("text_sha256", 5, []),
        })
        {
            var other = Call.Tenon(["eval", "tiny", "--text", Text(count: documents), "--output", Out("b"), .. more]);
            (other.Exit, other.Error.Contains(differs, StringComparison.Ordinal)).ShouldBe((2, true), other.Error);
        }
    }

    [Fact, Trait("Speed", "slow")]
    public void An_adapter_is_shown_with_what_it_forgets()
    {
        var recipe = _runs.Recipe($$"""
            model: tiny
            data: { task: { name: arithmetic, level: 2 }, prompt: plain }
            rollout: { prompts: 4, group: 8, max-new-tokens: 48 }
            optimizer: { learning-rate: 0.1 }
            evaluate: { benchmarks: ["held-out@1", "base-conversion:1@1"], texts: [{{Text(count: 12)}}], problems: 4 }
            steps: 2
            """);
        var run = Call.Tenon("train", recipe, "--output", Out("run"));
        run.Exit.ShouldBe(0, run.Error);
        run.Error.ShouldContain("sums (perplexity)");
        var last = JsonNode.Parse(File.ReadLines(Path.Combine(Out("run"), "metrics.jsonl")).Last())!;
        last["eval/base-conversion:1@1"].ShouldNotBeNull();

        // The run's own figure again, with that of the base beside it.
        var adapter = Path.Combine(Out("run"), "checkpoints", "2");
        var call = Call.Tenon("eval", "--run", Out("run"), "--adapter", adapter, "--forgetting", "--json", "--output", Out("f"));
        var lines = call.Lines.Select(l => JsonNode.Parse(l)!).ToList();
        call.Exit.ShouldBe(0, call.Error);
        lines.Count.ShouldBe(9, call.Out);
        ((double)lines[5]["perplexity"]!).ShouldBe((double)last["perplexity/sums"]!);
        var change = lines[8]["rows"]![1]!;
        // A rate this high moves every document's loss; which way is not the point.
        ((string)change["verdict"]!).ShouldNotBe("noise");
        ((double)change["ratio_low"]! > 1 || (double)change["ratio_high"]! < 1).ShouldBeTrue();
        ((double)change["ratio"]!).ShouldBe((double)lines[5]["perplexity"]! / (double)lines[4]["perplexity"]!, 1e-9 * (double)change["ratio"]!);

        var compared = Call.Tenon("compare", Out("f") + "/before", Out("f") + "/after");
        compared.Exit.ShouldBe(0, compared.Error);
        compared.Out.ShouldContain("sums: perplexity, against");
        compared.Out.ShouldContain(" % perplexity (95 % ");
        Call.Tenon("report", Out("run")).Exit.ShouldBe(0);
        var html = File.ReadAllText(Path.Combine(Out("run"), "report.html"));
        html.ShouldContain("Perplexity of texts");
        html.ShouldContain("forgetting/sums");
        Call.Tenon("eval", "tiny", "--text", Text(), "--forgetting").ShouldSatisfyAllConditions(
            c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("--adapter DIR"));
    }

    [Fact]
    public void Texts_come_as_files_folders_and_rows_and_wrong_ones_say_what_is_wrong()
    {
        Directory.CreateDirectory(Out("many"));
        File.WriteAllText(Path.Combine(Out("many"), "a.txt"), "one");
        File.WriteAllText(Path.Combine(Out("many"), "b.md"), "two\r\n");
        TextCorpus.Read(Out("many")).Documents.Select(d => d.Text).ShouldBe(["one", "two\r\n"]);
        TextCorpus.Read(Path.Combine(Out("many"), "a.txt")).Name.ShouldBe("a");
        File.WriteAllText(Out("t.csv"), "body,id\nhello,x\n,y\n");
        var rows = TextCorpus.Read(Out("t.csv"), "body");
        (rows.Documents.Single().Id, rows.Empty).ShouldBe(("x", 1));
        File.WriteAllText(Out("empty.txt"), "");
        File.WriteAllBytes(Out("latin.txt"), [0x61, 0xE9, 0x62]);
        foreach (var (path, word) in new[]
        {
            (Out("empty.txt"), "a document with a character"), (Out("latin.txt"), "UTF-8"), (Out("t.csv"), "--text-column"),
            (Out("nowhere.txt"), "nowhere.txt"),
        })
        {
            var call = Call.Tenon("eval", "tiny", "--text", path, "--output", Out("x"));
            (call.Exit, call.Error.Contains(word, StringComparison.Ordinal)).ShouldBe((2, true), call.Error);
        }

        Call.Tenon("eval", "tiny", "--text", Text(), "--window", "9", "--stride", "10", "--output", Out("x")).Exit.ShouldBe(2);
        Call.Tenon("eval", "tiny", "--text", Text(), "--window", "100000", "--output", Out("x")).Exit.ShouldBe(2);
    }

    [Fact]
    public void The_interval_of_a_mean_loss_holds_as_often_as_it_says()
    {
        var random = new Random(1);
        const int Rounds = 2000;
        var held = 0;
        for (var round = 0; round < Rounds; round++)
        {
            // Documents of unlike length, each with a loss of its own beside the tokens' scatter; the true mean is 2 nats.
            double[] tokens = [.. Enumerable.Range(0, 30).Select(_ => Math.Round(50 + 400 * random.NextDouble()))];
            double[] losses =
                [.. tokens.Select(t => t * (2 + 0.6 * (random.NextDouble() - 0.5)) + Math.Sqrt(t) * (random.NextDouble() - 0.5))];
            var (low, high) = RatioMean.Of(losses, tokens).Interval();
            if (low <= 2 && 2 <= high) held++;
        }

        (held / (double)Rounds).ShouldBeInRange(0.93, 0.97);
    }

    private static JsonArray Ids(int[] ids) => new([.. ids.Select(i => (JsonNode)i)]);
}
