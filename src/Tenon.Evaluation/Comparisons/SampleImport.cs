using System.Globalization;
using Tenon.MathAnswers;
using Tenon.Rewards.Data;

namespace Tenon.Evaluation.Comparisons;

/// <summary>A sample of another tool: what was answered, to what gold, and what that tool made of it.</summary>
/// <param name="Problem">The problem's id.</param>
/// <param name="Sample">Its number among the problem's samples, from 0.</param>
/// <param name="Text">The completion.</param>
/// <param name="Gold">The right answer; null where neither the sample nor a data file has it.</param>
/// <param name="Score">The tool's own score; null where it gives none.</param>
public sealed record ImportedSample(string Problem, int Sample, string Text, string? Gold, double? Score)
{
    /// <summary>The tag of the think block that the prompt left open, where the file has the prompt as the model read it.</summary>
    public string? OpenedBlock { get; init; }

    /// <summary>Whether the score is one of several samples together.</summary>
    public bool SharedScore { get; init; }
}

/// <summary>The samples of a file.</summary>
/// <param name="Tool">Whose file it is, of <see cref="SampleImport.Formats"/>.</param>
/// <param name="Samples">Its samples in the order of the file.</param>
/// <param name="Filter">The filter of lm-eval whose lines count; null where the file names none.</param>
/// <param name="OtherFilters">Filters whose lines, which repeat the same samples, are left out.</param>
/// <param name="Failed">Requests of a batch that have no answer, because they failed.</param>
public sealed record ImportedSamples(
    string Tool, IReadOnlyList<ImportedSample> Samples, string? Filter, IReadOnlyList<string> OtherFilters, int Failed)
{
    /// <summary>What was read, in a sentence.</summary>
    public string Told()
    {
        var problems = Samples.Select(s => s.Problem).Distinct(StringComparer.Ordinal).Count();
        var filters = Filter is null ? "" : OtherFilters.Count == 0 ? $", filter {Filter}"
            : $", filter {Filter} (--filter takes another: {string.Join(", ", OtherFilters)})";
        return $"Read as {Tool}: {Samples.Count} samples of {problems} problem{(problems == 1 ? "" : "s")}{filters}"
            + (Failed == 0 ? "." : $"; {Failed} failed requests have none.");
    }
}

/// <summary>
/// Reads the sample files of other tools (JSON lines or Parquet, as they write them):
/// <c>lm-eval</c> (samples_TASK.jsonl of lm-evaluation-harness with --log_samples), <c>lighteval</c> (its details files), <c>vllm</c>
/// (answers of run-batch and of OpenAI's batches, or lines with prompt and outputs).
/// </summary>
public static class SampleImport
{
    /// <summary>The formats by name.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["vllm", "lighteval", "lm-eval"];

    /// <summary>The tool that wrote a file, by its first row; null where it is none of <see cref="Formats"/>.</summary>
    public static string? ToolOf(string path) =>
        DataTable.Rows(path).FirstOrDefault() is { } first ? SampleShapes.ToolOf(first) : null;

    /// <summary>
    /// The samples of a file; <paramref name="golds"/> gives golds by problem id where the file has none. Of lm-eval's filters, whose lines
    /// repeat each other's samples, <paramref name="filter"/> counts, or the file's first.
    /// </summary>
    public static ImportedSamples Read(string path, string format, IReadOnlyDictionary<string, string> golds, string? filter = null)
    {
        if (!Formats.Contains(format)) throw new TenonException("--from", string.Join(", ", Formats), format, usage: true);
        var result = new List<ImportedSample>();
        var filters = new List<string>();
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var (count, failed) = (0, 0);
        foreach (var row in DataTable.Rows(path))
        {
            var number = count++;
            if (format == "lm-eval" && row.Fields.FirstText("filter") is { } name)
            {
                if (!filters.Contains(name)) filters.Add(name);
                if (name != (filter ?? filters[0])) continue;
            }
            else if (format == "vllm" && SampleShapes.Failed(row.Fields))
            {
                failed++;
                continue;
            }

            var samples = format switch
            {
                "lm-eval" => SampleShapes.LmEval(row),
                "lighteval" => SampleShapes.LightEval(row, number),
                _ => SampleShapes.Vllm(row, number),
            };
            var opened = SampleShapes.Prompt(row.Fields) is { } prompt ? ThinkBlocks.LeftOpen(prompt) : null;
            foreach (var sample in samples)
            {
                var problem = Known(sample.Problem, golds);
                var place = places.GetValueOrDefault(problem);
                places[problem] = place + 1;
                result.Add(sample with
                {
                    Problem = problem,
                    Sample = place,
                    Gold = Final(sample.Gold) ?? golds.GetValueOrDefault(problem),
                    OpenedBlock = opened,
                });
            }
        }

        if (result.Count == 0)
        {
            var found = failed > 0 ? $"{failed} failed requests" : filters.Count > 0 ? $"filters {string.Join(", ", filters)}" : "none";
            throw new TenonException($"{path} as {format}", filter is null ? "samples" : $"samples of filter {filter}", found, usage: true);
        }

        var chosen = filters.Count == 0 ? null : filter ?? filters[0];
        return new(format, result, chosen, [.. filters.Where(f => f != chosen)], failed);
    }

    /// <summary>Golds by id of a data file, its problems' order numbers among the ids.</summary>
    public static IReadOnlyDictionary<string, string> Golds(string path)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (problem, i) in ProblemFile.Read(path).Problems.Select((p, i) => (p, i)))
        {
            result.TryAdd(problem.Id, problem.Answer);
            result.TryAdd(i.ToString(CultureInfo.InvariantCulture), problem.Answer);
        }

        return result;
    }

    // A request for each sample has an id such as p7_3 or p7-sample-3 where the data file has p7.
    private static string Known(string id, IReadOnlyDictionary<string, string> golds)
    {
        if (golds.Count == 0 || golds.ContainsKey(id)) return id;
        var end = id.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9').Length;
        if (end == id.Length || end == 0) return id;
        foreach (var mark in new[] { "-sample-", "_sample_", "/sample/", "-", "_", "/", ":", "#", "." })
            if (id.AsSpan(0, end).EndsWith(mark) && golds.ContainsKey(id[..(end - mark.Length)])) return id[..(end - mark.Length)];
        return id;
    }

    /// <summary>What GSM8K's worked answers end in.</summary>
    private static string? Final(string? gold)
    {
        var mark = gold?.LastIndexOf("####", StringComparison.Ordinal) ?? -1;
        return mark < 0 ? gold : gold![(mark + 4)..].Trim();
    }
}
