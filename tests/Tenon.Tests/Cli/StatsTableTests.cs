using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Parquet.Serialization;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

/// <summary>Sample files of other tools are known by what they hold: nested Parquet, printed columns, repeated filters, failures.</summary>
public class StatsTableTests
{
    [Fact]
    public async Task Lighteval_details_are_read_from_nested_columns()
    {
        using var folder = new TemporaryFolder();
        Detail[] details =
        [
            new() { Doc = Asked("a", "\\frac{1}{2}"), Metric = new() { Match = 0 }, Response = Answered("So \\boxed{0.5}") },
            new() { Doc = Asked("b", "7"), Metric = new() { Match = 1 }, Response = Answered("So \\boxed{7}") },
            new() { Doc = Asked("c", "8"), Metric = new() { Match = 1 }, Response = Answered("So \\boxed{9}") },
        ];
        await Write(folder.File("details.parquet"), details);
        var json = Stats(folder.File("details.parquet"));
        json["tool"]!.GetValue<string>().ShouldBe("lighteval");
        Means(json).ShouldBe([2 / 3.0, 2 / 3.0]);
        json["changed"]!.AsArray().Select(c => c!["problem"]!.GetValue<string>()).ShouldBe(["a", "c"]);
    }

    [Fact]
    public async Task Lighteval_columns_of_earlier_versions_are_read()
    {
        using var folder = new TemporaryFolder();
        EarlyDetail[] details =
        [
            Early(0, "1/2", "\\boxed{0.5}", "\\boxed{1}"),
            Early(1, "7", "\\boxed{7}", "\\boxed{7.0}"),
        ];
        await Write(folder.File("details.parquet"), details);
        var json = Stats(folder.File("details.parquet"));
        Means(json).ShouldBe([0.5, 0.75]);
        json["changed"]!.AsArray().ShouldBeEmpty();
        Call.Tenon("stats", "--input", folder.File("details.parquet")).Out
            .ShouldContain("Read as lighteval: 4 samples of 2 problems.\nThe tool scores a problem's samples together");
    }

    [Fact]
    public async Task Lighteval_columns_that_Python_printed_are_read()
    {
        using var folder = new TemporaryFolder();
        PrintedDetail[] details =
        [
            new()
            {
                Doc = "{'query': \"What's 1/2?\", 'choices': ['$\\\\boxed{\\\\frac{1}{2}}$'], 'gold_index': 0, 'id': '', "
                    + "'sampling_methods': [<SamplingMethod.GENERATIVE: 'GENERATIVE'>], 'specific': None}",
                Metric = "{'extractive_match': np.float64(0.0)}",
                Response = "{'text': ['It\\'s\\n$\\\\boxed{0.5}$.'], 'logits': None, 'output_tokens': [array([1, 2], dtype=int32)]}",
            },
            new()
            {
                Doc = "{'choices': ['3'], 'gold_index': [0]}", Metric = "{'pass@k:k=2': 1, 'avg@n:n=1': 0.0}",
                Response = "{'text': ['4']}",
            },
        ];
        await Write(folder.File("details.parquet"), details);
        var json = Stats(folder.File("details.parquet"));
        Means(json).ShouldBe([0, 0.5]);
        json["changed"]!.AsArray().ShouldHaveSingleItem()!["problem"]!.GetValue<string>().ShouldBe("0");
    }

    [Fact]
    public void Lm_eval_filters_repeat_no_sample()
    {
        using var folder = new TemporaryFolder();
        string Line(int doc, string filter, string text, int score) =>
            $$"""{"doc_id":{{doc}},"doc":{"answer":"#### 4{{doc}}"},"resps":[["{{text}}"]],"filter":"{{filter}}","exact_match":{{score}}}""";
        File.WriteAllLines(folder.File("s.jsonl"),
        [
            Line(0, "strict-match", @"\\boxed{40}", 0), Line(1, "strict-match", "41", 1),
            Line(0, "flexible-extract", @"\\boxed{40}", 1), Line(1, "flexible-extract", "41", 1),
        ]);
        var json = Stats(folder.File("s.jsonl"));
        json["filter"]!.GetValue<string>().ShouldBe("strict-match");
        Means(json).ShouldBe([0.5, 1]);
        Means(Stats(folder.File("s.jsonl"), "--filter", "flexible-extract")).ShouldBe([1, 1]);
        Call.Tenon("stats", "--input", folder.File("s.jsonl")).Out
            .ShouldContain("filter strict-match (--filter takes another: flexible-extract)");
        Call.Tenon("stats", "--input", folder.File("s.jsonl"), "--filter", "none")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("strict-match, flexible-extract"));
        File.WriteAllText(folder.File("likelihood.jsonl"),
            """{"doc_id":0,"doc":{},"target":"1","resps":[[["-1.5","False"]],[["-0.5","True"]]],"acc":1.0}""");
        Call.Tenon("stats", "--input", folder.File("likelihood.jsonl"))
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("log-likelihoods of given choices"));
    }

    [Fact]
    public void Batches_with_a_request_a_sample_and_failures_are_read()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("data.jsonl"), """
            {"id":"p1","problem":"1+1?","answer":"2"}
            {"id":"p2","problem":"2+2?","answer":"4"}
            """);
        File.WriteAllText(folder.File("b.jsonl"), """
            {"custom_id":"p1-0","response":{"status_code":200,"body":{"choices":[{"message":{"content":"\\boxed{2}"}}]}},"error":null}
            {"custom_id":"p1-1","response":{"status_code":500,"body":{"error":{"message":"no"}}},"error":null}
            {"custom_id":"p1-2","response":null,"error":{"code":"batch_expired","message":"late"}}
            {"custom_id":"p2-0","response":{"status_code":200,"body":{"output":[{"type":"message","content":[{"text":"\\boxed{4}"}]}]}}}
            {"custom_id":"p2-1","response":{"status_code":200,"body":{"choices":[{"message":{"content":null,"reasoning":"\\boxed{4}"}}]}}}
            """);
        var json = Stats(folder.File("b.jsonl"), "--data", folder.File("data.jsonl"));
        json["failed"]!.GetValue<int>().ShouldBe(2);
        json["rows"]![0]!["avg_at_k"]!.GetValue<double>().ShouldBe(0.75);
    }

    [Fact]
    public void Further_shapes_of_plain_records_are_read()
    {
        using var folder = new TemporaryFolder();
        JsonNode Of(string line)
        {
            File.WriteAllText(folder.File("s.jsonl"), line + "\n");
            return Stats(folder.File("s.jsonl"));
        }

        // A verdict for each of several texts is its own.
        var each = Of("""{"prompt":"p","responses":["\\boxed{3}","\\boxed{4}"],"answer":"3","correct":[true,true]}""");
        Means(each).ShouldBe([1, 0.5]);
        each["changed"]!.AsArray().ShouldHaveSingleItem()!["sample"]!.GetValue<int>().ShouldBe(1);
        var qwen = Of("""{"idx":4,"gt":"72","gt_cot":"..","code":["so \\boxed{72}","71"],"pred":["72","71"],"score":[true,false]}""");
        Means(qwen).ShouldBe([0.5, 0.5]);

        // The answer of a chat as the server gives it, with an empty text where a thinking model came to no end.
        var bare = Of("""{"choices":[{"message":{"content":null}},{"message":{"content":[{"text":"\\boxed{7}"}]}}],"answer":"7"}""");
        Means(bare).ShouldBe([0.5]);

        // Several golds of lm-eval: the first counts.
        Means(Of("""{"doc_id":0,"doc":{},"target":["\\frac12","0.5"],"resps":[["0.5"]],"exact_match":1.0}""")).ShouldBe([1, 1]);
        Means(Of("""{"doc_id":0,"doc":{"Answer":204},"target":"204","resps":[["\\boxed{204}"]],"exact_match":1}""")).ShouldBe([1, 1]);
    }

    [Fact]
    public async Task Lighteval_prompts_with_a_worded_gold_and_answers_as_lists_of_lists_are_read()
    {
        using var folder = new TemporaryFolder();
        LateDetail[] details =
        [
            new()
            {
                Doc = new()
                {
                    Id = "", Choices = ["ANSWER: We add: $\\boxed{\\frac{1}{2}}$."], GoldIndex = [0], Query = "?",
                },
                Metric = new() { Pass = 1, Average = 0 }, Response = new() { Text = ["ANSWER: 0.5"], Input = "?" },
            },
            new()
            {
                Doc = new() { Id = null, Choices = ["no", "7"], GoldIndex = [1], Query = "?" },
                Metric = new() { Pass = 1, Average = 0.5 }, Response = new() { Text = ["\\boxed{7}", "\\boxed{8}"], Input = "?" },
            },
        ];
        await Write(folder.File("details.parquet"), details);
        var json = Stats(folder.File("details.parquet"));
        Means(json).ShouldBe([0.25, 0.75]);
        json["changed"]!.AsArray().ShouldHaveSingleItem()!["problem"]!.GetValue<string>().ShouldBe("0");

        NestedPredictions[] nested =
        [
            new() { Prompt = "?", Gold = "['1/2']", Predictions = "[['\\\\boxed{0.5}', 'two']]", Metrics = "{'em': 1.0}" },
        ];
        await Write(folder.File("nested.parquet"), nested);
        Means(Stats(folder.File("nested.parquet")))[1].ShouldBe(0.5);
    }

    [Fact]
    public async Task Scores_are_read_from_tables()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("s.csv"), "run,problem,score,sample\na,x,1,\na,y,0,\nb,x,0.0,\nb,y,0,\n");
        Means(Stats(folder.File("s.csv"))).ShouldBe([0.5, 0]);
        await Write<Score>(folder.File("s.parquet"), [new() { Problem = "x", Value = 1 }, new() { Problem = "y", Value = 0 }]);
        Means(Stats(folder.File("s.parquet"))).ShouldBe([0.5]);
    }

    private static JsonNode Stats(string file, params string[] words)
    {
        var call = Call.Tenon(["stats", "--input", file, "--json", .. words]);
        call.Exit.ShouldBe(0, call.Error);
        return JsonNode.Parse(call.Lines[0])!;
    }

    private static double[] Means(JsonNode json) => [.. json["rows"]!.AsArray().Select(r => r!["avg_at_k"]!.GetValue<double>())];

    private static async Task Write<T>(string path, T[] rows)
    {
        await using var file = File.Create(path);
        await ParquetSerializer.SerializeAsync(rows, file);
    }

    private static EarlyDetail Early(int index, string gold, params string[] predictions) => new()
    {
        Index = index, Prompt = "?", Gold = [gold], Predictions = [.. predictions], Metrics = new() { Match = 0.5 },
    };

    private static Document Asked(string id, string gold) => new() { Id = id, Choices = [gold], GoldIndex = [0], Query = "?" };

    private static Reply Answered(string text) => new() { Text = [text], Input = "?", OutputTokens = [1, 2] };

    private sealed class Document
    {
        [JsonPropertyName("id")] public string? Id { get; set; }
        [JsonPropertyName("query")] public string? Query { get; set; }
        [JsonPropertyName("choices")] public List<string>? Choices { get; set; }
        [JsonPropertyName("gold_index")] public List<long>? GoldIndex { get; set; }
    }

    private sealed class Marks
    {
        [JsonPropertyName("extractive_match")] public double Match { get; set; }
    }

    private sealed class Reply
    {
        [JsonPropertyName("input")] public string? Input { get; set; }
        [JsonPropertyName("text")] public List<string>? Text { get; set; }
        [JsonPropertyName("output_tokens")] public List<int>? OutputTokens { get; set; }
    }

    private sealed class Detail
    {
        [JsonPropertyName("doc")] public Document? Doc { get; set; }
        [JsonPropertyName("metric")] public Marks? Metric { get; set; }
        [JsonPropertyName("model_response")] public Reply? Response { get; set; }
    }

    private sealed class EarlyDetail
    {
        [JsonPropertyName("__index_level_0__")] public long Index { get; set; }
        [JsonPropertyName("full_prompt")] public string? Prompt { get; set; }
        [JsonPropertyName("gold")] public List<string>? Gold { get; set; }
        [JsonPropertyName("predictions")] public List<string>? Predictions { get; set; }
        [JsonPropertyName("metrics")] public Marks? Metrics { get; set; }
    }

    private sealed class LateMarks
    {
        [JsonPropertyName("pass@k:k=1&n=2")] public double Pass { get; set; }
        [JsonPropertyName("avg@n:n=2")] public double Average { get; set; }
    }

    private sealed class LateDetail
    {
        [JsonPropertyName("doc")] public Document? Doc { get; set; }
        [JsonPropertyName("metric")] public LateMarks? Metric { get; set; }
        [JsonPropertyName("model_response")] public Reply? Response { get; set; }
    }

    private sealed class NestedPredictions
    {
        [JsonPropertyName("full_prompt")] public string? Prompt { get; set; }
        [JsonPropertyName("gold")] public string? Gold { get; set; }
        [JsonPropertyName("predictions")] public string? Predictions { get; set; }
        [JsonPropertyName("metrics")] public string? Metrics { get; set; }
    }

    private sealed class PrintedDetail
    {
        [JsonPropertyName("__doc__")] public string? Doc { get; set; }
        [JsonPropertyName("__metric__")] public string? Metric { get; set; }
        [JsonPropertyName("__model_response__")] public string? Response { get; set; }
    }

    private sealed class Score
    {
        [JsonPropertyName("problem")] public string? Problem { get; set; }
        [JsonPropertyName("score")] public double Value { get; set; }
    }
}
