using Parquet;
using Parquet.Schema;
using Parquet.Serialization;
using Tenon.Rewards.Data;
using Tenon.Tests.Support;

namespace Tenon.Tests.Rewards.Data;

/// <summary>
/// What writers of Parquet choose from: each reads right or is refused by name, and nothing turns into text. Files of DuckDB and arrow-rs
/// lie in Golden/parquet, the others are written here.
/// </summary>
public sealed class ParquetVariantsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", "parquet", name + ".parquet");

    private static ProblemFile Read(string name, string? answer = null, string? problem = null) =>
        ProblemFile.Read(Golden(name), new() { Answer = answer, Problem = problem });

    [Theory]
    [InlineData("duck-snappy")]
    [InlineData("duck-gzip")]
    [InlineData("duck-zstd")]
    [InlineData("duck-brotli")]
    [InlineData("duck-lz4_raw")]
    [InlineData("duck-v2")]
    public void Every_compression_of_duckdb_gives_the_same_rows(string name)
    {
        var problems = Read(name).Problems;
        problems.Select(p => p.Id).ShouldBe(Enumerable.Range(0, 6).Select(i => $"{i}"));
        problems.Select(p => p.Text).ShouldBe(Enumerable.Range(0, 6).Select(i => $"What is {i} + 1? é"));
        problems.Select(p => p.Answer).ShouldBe(Enumerable.Range(1, 6).Select(i => $"{i}"));
    }

    [Theory]
    [InlineData("arrow-snappy")]
    [InlineData("arrow-gzip")]
    [InlineData("arrow-zstd")]
    [InlineData("arrow-plain")]
    [InlineData("arrow-groups")]
    [InlineData("arrow-delta-length", "long prefix ")]
    [InlineData("arrow-delta-bytes", "long prefix ")]
    [InlineData("arrow-split", "long prefix ")]
    public void Dictionaries_encodings_and_row_groups_of_arrow_give_the_same_rows(string name, string prefix = "")
    {
        var problems = Read(name).Problems;
        problems.Select(p => p.Text).ShouldBe(Enumerable.Range(0, 50).Select(i => $"q{i % 5}"));
        problems.Select(p => p.Answer).ShouldBe(Enumerable.Range(0, 50).Select(i => $"{prefix}{i}"));
        if (name == "arrow-split") problems[3].Fields!["score"].GetDouble().ShouldBe(0.375);
    }

    [Fact]
    public void Integers_in_deltas_are_read() =>
        Read("arrow-delta-binary").Problems.Select(p => p.Id).ShouldBe(Enumerable.Range(0, 50).Select(i => $"{3 * i}"));

    [Theory]
    [InlineData("duck-conversations", 3, 1)]
    [InlineData("arrow-conversations", 2, 1)]
    public void Lists_of_structs_are_conversations_and_structs_nested_columns(string name, int rows, int first)
    {
        var file = Read(name);
        file.Problems.Count.ShouldBe(rows);
        file.Problems[^1].ShouldSatisfyAllConditions(p => p.Text.ShouldBe("2+1=?"), p => p.System.ShouldBe("Be brief."),
            p => p.Answer.ShouldBe("3"));
        file.Problems[^1].Fields!["prompt"].GetArrayLength().ShouldBe(2);
        if (first == 1 && name[0] == 'd') Read(name, "extra_info.deep.a.1").Problems[2].Answer.ShouldBe("3");
        Should.Throw<TenonException>(() => Read(name, "reward_model")).Message.ShouldContain("answer-column: reward_model.ground_truth");
    }

    [Theory]
    [InlineData("duck-nulls")]
    [InlineData("arrow-nulls")]
    public void A_null_where_a_problem_or_a_gold_is_wanted_is_refused_with_its_row(string name)
    {
        Should.Throw<TenonException>(() => Read(name)).Message.ShouldContain("row 2: column 'question'");
        Should.Throw<TenonException>(() => Read(name, problem: "id")).Message.ShouldContain("row 3: column 'answer'");
        var rows = DataTable.Rows(Golden(name)).ToList();
        rows[0].Fields["list"].ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        // Parquet.Net leaves nulls inside a list out.
        rows[1].Fields["list"].GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData("answer", "13.50")]
    [InlineData("big", "12345678901234568.125")]
    [InlineData("t", "2024-05-06T07:08:10.1234560")]
    [InlineData("tz", "2024-05-06T05:08:10.0000000Z")]
    [InlineData("tns", "2024-05-06T07:08:01.1234567")]
    [InlineData("tms", "2024-05-06T07:08:01.1230000")]
    [InlineData("d", "2024-02-29")]
    [InlineData("b", "true")]
    [InlineData("i8", "1")]
    [InlineData("u32", "4000000001")]
    [InlineData("u64", "18446744073709551614")]
    [InlineData("i64", "-9223372036854775806")]
    [InlineData("f", "1.1")]
    [InlineData("g", "1.1")]
    [InlineData("blob", "abc1")]
    [InlineData("uuid", "00112233-4455-6677-8899-aabbccddee01")]
    [InlineData("m.k", "1")]
    [InlineData("en", "x")]
    public void Values_of_every_type_are_what_they_were(string column, string said)
    {
        var text = Read("duck-types", column).Problems[0].Answer;
        text.ShouldBe(said);
    }

    [Theory]
    [InlineData("duck-types", "nan", "null")]
    [InlineData("duck-types", "m", "an object with k")]
    [InlineData("duck-wide", "x", "more than 28 digits")]
    [InlineData("duck-interval", "x", "Interval")]
    [InlineData("duck-nested-lists", "answer", "a list that holds lists")]
    [InlineData("duck-empty", "answer", "no line at all")]
    public void What_is_no_answer_is_refused_by_name(string name, string column, string what) =>
        Should.Throw<TenonException>(() => Read(name, column)).Message.ShouldContain(what);

    [Theory]
    [InlineData("ns")]
    [InlineData("us")]
    [InlineData("ms")]
    public void Timestamps_of_every_resolution_are_the_same_moment(string unit) =>
        Read($"arrow-type-{unit}", unit).Problems[0].Answer.ShouldStartWith("2024-05-06T07:08:09.1230000");

    [Fact]
    public void A_date_is_a_date() => Read("arrow-type-d", "d").Problems[0].Answer.ShouldBe("2024-05-06");

    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Zstd)]
    [InlineData(CompressionMethod.Brotli)]
    [InlineData(CompressionMethod.Lz4Raw)]
    public async Task Our_own_files_come_back_in_several_row_groups(CompressionMethod method)
    {
        var rows = Enumerable.Range(0, 25).Select(i => new Row
        {
            Id = i, Question = i % 2 == 0 ? "even" : "odd", Answer = i % 7 == 0 ? null : i / 4m, When = new DateTime(2024, 2, 29, 1, 2, 3,
                DateTimeKind.Utc), Golds = i == 3 ? null : [$"{i}", null], Raw = i == 4 ? [0xff, 0xfe] : "text"u8.ToArray(),
        });
        await using (var file = File.Create(_folder["x.parquet"]))
            await ParquetSerializer.SerializeAsync(rows, file, new ParquetOptions { CompressionMethod = method, RowGroupSize = 10 });
        var read = DataTable.Rows(_folder["x.parquet"]).ToList();
        read.Count.ShouldBe(25);
        read[24].Number.ShouldBe(25);
        read[9].Fields["Question"].GetString().ShouldBe("odd");
        read[9].Fields["Answer"].GetDecimal().ShouldBe(2.25m);
        read[7].Fields["Answer"].ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        read[9].Fields["When"].GetString()!.ShouldStartWith("2024-02-29T01:02:03");
        read[9].Fields["Raw"].GetString().ShouldBe("text");
        read[9].Fields["Golds"].GetRawText().ShouldBe("[\"9\"]");
        ProblemFile.Read(_folder["x.parquet"], new() { Problem = "Question", Answer = "Id" }).Problems[24].Answer.ShouldBe("24");
        Should.Throw<TenonException>(() => ProblemFile.Read(_folder["x.parquet"], new() { Problem = "Question", Answer = "Raw" })).Message
            .ShouldSatisfyAllConditions(m => m.ShouldContain("row 5: column 'Raw'"), m => m.ShouldContain("bytes that are no text"));
        Should.Throw<TenonException>(() => ProblemFile.Read(_folder["x.parquet"], new() { Problem = "Raw", Answer = "Id" })).Message
            .ShouldContain("row 5: column 'Raw'");
    }

    [Fact]
    public async Task A_text_of_megabytes_comes_back_whole()
    {
        var text = string.Concat(Enumerable.Range(0, 400_000).Select(i => $"{i} "));
        var schema = new ParquetSchema(new DataField<string>("question"), new DataField<string>("answer"));
        await using (var file = File.Create(_folder["large.parquet"]))
            await ParquetSerializer.SerializeUntypedAsync(
                [new Dictionary<string, object?> { ["question"] = text, ["answer"] = "é" }!], schema, file);
        ProblemFile.Read(_folder["large.parquet"]).Problems.ShouldHaveSingleItem().Text.ShouldBe(text);
    }

    public sealed class Row
    {
        public int Id { get; set; }

        public string? Question { get; set; }

        public decimal? Answer { get; set; }

        public DateTime When { get; set; }

        public List<string?>? Golds { get; set; }

        public byte[]? Raw { get; set; }
    }
}
