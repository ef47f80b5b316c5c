using System.IO.Compression;
using System.Text;
using Parquet.Serialization;
using Tenon.Rewards.Data;
using Tenon.Tests.Support;

namespace Tenon.Tests.Rewards.Data;

/// <summary>One problem in every format that data comes in reads the same; a broken file is named with its place.</summary>
public sealed class DataTableTests : IDisposable
{
    private const string Json = """{"id":"a","question":"Größe, \"x\"?\nline 2","answer":"1,234","meta":{"level":3,"tags":["p","q"]}}""";
    private const string Csv =
        "id,question,answer,meta\r\na,\"Größe, \"\"x\"\"?\r\nline "
        + "2\",\"1,234\",\"{\"\"level\"\":3,\"\"tags\"\":[\"\"p\"\",\"\"q\"\"]}\"\r\n";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Formats() => new()
    {
        { "x.jsonl", Json + "\n" }, { "x.jsonl", "\ufeff" + Json + "\r\n\r\n" }, { "x.json", "[\n  " + Json + "\n]\n" }, { "x.csv", Csv },
            { "x.csv", "\ufeff" + Csv.ReplaceLineEndings("\n") },
        { "x.tsv",
            "id\tquestion\tanswer\tmeta\na\t\"Größe, \"\"x\"\"?\nline 2\"\t1,234\t\"{\"\"level\"\":3,\"\"tags\"\":[\"\"p\"\",\"\"q\"\"]}\"" },
        { "x.jsonl.gz", Json }, { "x.csv.gz", Csv }, { "x.json.gz", "[" + Json + "]" },
    };

    [Theory, MemberData(nameof(Formats))]
    public void Every_format_gives_the_same_problem(string name, string text)
    {
        Write(name, text);
        var file = ProblemFile.Read(_folder[name]);
        var problem = file.Problems.ShouldHaveSingleItem();
        problem.ShouldSatisfyAllConditions(p => p.Id.ShouldBe("a"), p => p.Text.ShouldBe("Größe, \"x\"?\nline 2"),
            p => p.Answer.ShouldBe("1,234"));
        file.Notices.ShouldBe([$"{_folder[name]}: the problems are read from column 'question'"]);
        ProblemFile.Read(_folder[name], new() { Answer = "meta.tags.1" }).Problems[0].Answer.ShouldBe("q");
        ProblemFile.Read(_folder[name], new() { Answer = "meta.level" }).Problems[0].Answer.ShouldBe("3");
    }

    public sealed class Message
    {
        public string? role { get; set; }

        public string? content { get; set; }
    }

    public sealed class Model
    {
        public string? style { get; set; }

        public string? ground_truth { get; set; }
    }

    public sealed class Row
    {
        public int index { get; set; }

        public List<Message>? prompt { get; set; }

        public Model? reward_model { get; set; }

        public List<string>? golds { get; set; }

        public double? score { get; set; }
    }

    [Fact]
    public async Task Parquet_gives_structs_and_lists_as_nested_columns()
    {
        var rows = Enumerable.Range(0, 3).Select(i => new Row
        {
            index = i,
            prompt = [new Message { role = "system", content = "Be brief." }, new Message { role = "user", content = $"{i}+1=?" }],
            reward_model = new Model { style = "rule", ground_truth = $"{i + 1}" },
            golds = [$"{i + 1}", "one"],
            score = i == 1 ? null : 0.5,
        });
        await using (var file = File.Create(_folder["x.parquet"])) await ParquetSerializer.SerializeAsync(rows, file);
        var problems = ProblemFile.Read(_folder["x.parquet"], new() { Id = "index" }).Problems;
        problems.Select(p => p.Id).ShouldBe(["0", "1", "2"]);
        problems[2]
            .ShouldSatisfyAllConditions(p => p.Text.ShouldBe("2+1=?"), p => p.System.ShouldBe("Be brief."), p => p.Answer.ShouldBe("3"),
            p => p.Fields!["golds"].GetRawText().ShouldBe("[\"3\",\"one\"]"), p => p.Fields!["score"].GetDouble().ShouldBe(0.5));
        problems[1].Fields!["score"].ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        Should.Throw<TenonException>(() => ProblemFile.Read(_folder["x.parquet"], new() { Answer = "reward_model" })).Message
            .ShouldSatisfyAllConditions(m => m.ShouldContain("row 1: column 'reward_model'"),
            m => m.ShouldContain("answer-column: reward_model.ground_truth"));

        var bytes = File.ReadAllBytes(_folder["x.parquet"]);
        File.WriteAllBytes(_folder["cut.parquet"], bytes[..(bytes.Length / 2)]);
        Should.Throw<TenonException>(() => ProblemFile.Read(_folder["cut.parquet"])).Message.ShouldContain("a whole Parquet file");
    }

    [Theory]
    [InlineData("x.csv", "problem,answer\n1,2,3\n", "line 2", "2 fields, as the heading has")]
    [InlineData("x.csv", "problem,answer\n\"1\n2\",3\n\"4,5\n", "line 4", "a closing double quote")]
    [InlineData("x.csv", "problem,answer\n\"1\"x,3\n", "line 2, column 4", "behind a closing quote")]
    [InlineData("x.csv", "problem,problem\n1,3\n", "the heading", "'problem' 2 times")]
    [InlineData("x.csv", "problem;answer\n1;3\n", "the heading", "separated by commas")]
    [InlineData("x.csv", "", "x.csv", "no line at all")]
    [InlineData("x.csv", "problem,answer\n", "x.csv", "no line at all below the names of its columns")]
    [InlineData("x.json", "[{\"problem\":\"q\",\"answer\":\"1\"},]", "is no JSON", "a comma before a closing bracket")]
    [InlineData("x.json", "[{\"problem\":\"q\",\"answer\":\"1\"},3]", "item 2", "a JSON object")]
    [InlineData("x.json", "{\n  \"problem\": \"q\"\n}", "line 1", "one object a line")]
    public void A_broken_file_is_named_with_its_place(string name, string text, string place, string what)
    {
        Write(name, text);
        var message = Should.Throw<TenonException>(() => ProblemFile.Read(_folder[name])).Message;
        message.ShouldContain(name);
        message.ShouldContain(place);
        message.ShouldContain(what);
    }

    private void Write(string name, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        using Stream file = File.Create(_folder[name]);
        using var target = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Compress) : file;
        target.Write(bytes);
    }
}
