using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Training;

/// <summary>
/// <c>metrics.jsonl</c>: one JSON line a step, names and order fixed, numbers as the shortest text that reads back to the same bits.
/// Two equal runs differ in <see cref="TimeFields"/> at most.
/// </summary>
public sealed class MetricsLog : IDisposable
{
    private readonly FileStream _file;

    /// <summary>Opens the file for appending.</summary>
    public MetricsLog(string path) => _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);

    /// <summary>The fields of time, speed and memory: the only ones in which equal runs may differ.</summary>
    public static IReadOnlyList<string> TimeFields { get; } =
        ["time_s", "sample_s", "score_s", "train_s", "sample_tokens_per_s", "train_tokens_per_s", "memory_gb"];

    /// <summary>Appends a step of reinforcement learning.</summary>
    public void Append(StepMetrics metrics) => Append(Format(metrics));

    /// <summary>Appends a line with one write, so that a killed process leaves at most one incomplete last line.</summary>
    public void Append(string line)
    {
        try
        {
            _file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (Exception e) when (AtomicFile.DiskFault(e) is { } fault)
        {
            throw new TenonException($"{_file.Name} could not be written", "room for a line", fault.Message, "free some space", fault);
        }
    }

    /// <summary>Waits until the lines are on the disk.</summary>
    public void Sync() => _file.Flush(flushToDisk: true);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>The line of a step, without its line break.</summary>
    public static string Format(StepMetrics m)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("step", m.Step);
            Number(json, "time_s", m.TimeS);
            Number(json, "sample_s", m.SampleS);
            Number(json, "score_s", m.ScoreS);
            Number(json, "train_s", m.TrainS);
            json.WriteNumber("tokens_sampled", m.TokensSampled);
            json.WriteNumber("tokens_trained", m.TokensTrained);
            Number(json, "sample_tokens_per_s", m.SampleTokensPerS);
            Number(json, "train_tokens_per_s", m.TrainTokensPerS);
            Number(json, "memory_gb", m.MemoryGb);
            Number(json, "reward_mean", m.RewardMean);
            Number(json, "reward_std", m.RewardStd);
            foreach (var (name, value) in Sorted(m.Rewards)) Number(json, "reward/" + name, value);
            Number(json, "accuracy", m.Accuracy);
            json.WriteNumber("groups_mixed", m.GroupsMixed);
            json.WriteNumber("groups_all_right", m.GroupsAllRight);
            json.WriteNumber("groups_all_wrong", m.GroupsAllWrong);
            json.WriteNumber("groups_drawn", m.GroupsDrawn);
            Number(json, "length_mean", m.LengthMean);
            json.WriteNumber("length_max", m.LengthMax);
            Number(json, "truncated", m.Truncated);
            foreach (var (reason, count) in Sorted(m.Skipped)) json.WriteNumber("skipped/" + reason, count);
            Number(json, "entropy", m.Entropy);
            Number(json, "kl", m.Kl);
            Number(json, "ratio_max", m.RatioMax);
            Number(json, "clip_low", m.ClipLow);
            Number(json, "clip_high", m.ClipHigh);
            Number(json, "loss", m.Loss);
            Number(json, "grad_norm", m.GradNorm);
            Number(json, "learning_rate", m.LearningRate);
            Number(json, "update_norm", m.UpdateNorm);
            Number(json, "logp_difference_max", m.LogpDifferenceMax);
            foreach (var (name, value) in Sorted(m.Extra)) Number(json, name, value);
            foreach (var (name, value) in Sorted(m.Evaluations)) Number(json, "eval/" + name, value);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>A line without its fields of time, speed and memory, for the comparison of two runs.</summary>
    public static string WithoutTimes(string line)
    {
        var node = JsonNode.Parse(line)!.AsObject();
        foreach (var field in TimeFields) node.Remove(field);
        return node.ToJsonString();
    }

    /// <summary>Keeps the lines of steps 1 to <paramref name="step"/>, drops the others and an incomplete last line.</summary>
    public static void CutBack(string path, int step, string? temporaryFolder = null)
    {
        if (!File.Exists(path)) return;
        var kept = new StringBuilder();
        foreach (var line in File.ReadAllText(path).Split('\n'))
            if (StepOf(line) is { } number && number <= step)
                kept.Append(line).Append('\n');
        AtomicFile.WriteText(path, kept.ToString(), temporaryFolder);
    }

    /// <summary>The step that a line belongs to, or null where the line is incomplete.</summary>
    public static int? StepOf(string line)
    {
        if (line.Length == 0) return null;
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.TryGetProperty("step", out var step) && step.TryGetInt32(out var number) ? number : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Dictionaries have no order of their own; names in ordinal order make equal runs equal bytes.
    private static IOrderedEnumerable<KeyValuePair<string, T>> Sorted<T>(IReadOnlyDictionary<string, T> values) =>
        values.OrderBy(pair => pair.Key, StringComparer.Ordinal);

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }
}
