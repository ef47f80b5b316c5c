using System.Globalization;
using System.Text.Json;
using Tenon.Rewards.Data;

namespace Tenon.Evaluation.Comparisons;

/// <summary>
/// Scores from lines <c>{"problem":"id","score":x}</c> with optional <c>run</c>, <c>seed</c>, <c>sample</c> and <c>cluster</c>.
/// </summary>
public static class ScoreLines
{
    // The one run of a file that names none.
    private const string Unnamed = "scores";

    /// <summary>
    /// Rows by <c>run</c> in order of appearance; with different <c>seed</c> they are runs of one row. Lines without a score count nowhere.
    /// </summary>
    public static IReadOnlyList<Entrant> Read(IEnumerable<string> lines, string source)
    {
        var scores = new List<Line>();
        var places = new Dictionary<(string, string, string, string), int>();
        var number = 0;
        foreach (var text in lines)
        {
            number++;
            if (string.IsNullOrWhiteSpace(text)) continue;
            var line = Parse(text, $"{source}, line {number}");
            if (line is null) continue;
            if (line.Sample is { } sample && !places.TryAdd((line.Run, line.Seed, line.Problem, sample), number))
            {
                var first = places[(line.Run, line.Seed, line.Problem, sample)];
                throw new TenonException(
                    $"{source}, line {number}", "a sample that stands once",
                    $"sample {sample} of problem {line.Problem}, as in line {first}", usage: true);
            }

            scores.Add(line);
        }

        if (scores.Count == 0)
            throw new TenonException(source, "lines {\"problem\":\"id\",\"score\":x}", "no line with a score", usage: true);
        return [.. scores.GroupBy(s => s.Run).Select(run => new Entrant(run.Key, [.. run.GroupBy(s => s.Seed).Select(Problems)]))];
    }

    /// <summary>The same of a table (CSV, Parquet) with these columns.</summary>
    public static IReadOnlyList<Entrant> ReadTable(string path) => Read(
        DataTable.Rows(path).Select(row => JsonSerializer.Serialize(
            row.Fields.Where(f => f.Value.ValueKind != JsonValueKind.Undefined && !(f.Value.ValueKind == JsonValueKind.String
                && f.Value.GetString()!.Length == 0)).ToDictionary(f => f.Key, f => f.Value))),
        path);

    private static ProblemScores[] Problems(IEnumerable<Line> lines) =>
        [.. lines.GroupBy(l => l.Problem).Select(p =>
            new ProblemScores(p.Key, [.. p.Select(l => l.Score)], p.Select(l => l.Cluster).FirstOrDefault(c => c is not null)))];

    private static Line? Parse(string text, string place)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("problem", out var problem))
                throw new TenonException(place, "a JSON object with problem and score", text.Length > 80 ? text[..80] : text, usage: true);
            if (!json.TryGetProperty("score", out var score) || score.ValueKind == JsonValueKind.Null) return null;
            double? value = score.ValueKind switch
            {
                JsonValueKind.True => 1,
                JsonValueKind.False => 0,
                JsonValueKind.Number when score.TryGetDouble(out var x) && double.IsFinite(x) => x,
                JsonValueKind.String when double.TryParse(score.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var x)
                    && double.IsFinite(x) => x,
                _ => null,
            };
            if (value is null)
                throw new TenonException($"{place}: score", "a finite number, true or false", score.GetRawText(), usage: true);
            return new(Word(json, "run") ?? Unnamed, Word(json, "seed")
                ?? "", problem.ToString(), value.Value, Word(json, "sample"), Word(json, "cluster"));
        }
        catch (JsonException e)
        {
            throw new TenonException(place, "a JSON object", JsonFault.Describe(e, text), "every line is one JSON object", e, usage: true);
        }
    }

    private static string? Word(JsonElement json, string key) =>
        json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;

    private sealed record Line(string Run, string Seed, string Problem, double Score, string? Sample, string? Cluster);
}
