using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Rewards.External;

/// <summary>
/// A user's own reward: a command that stays up, reads one JSON line a completion and answers one JSON line each, in order
/// (docs/rewards.md).
/// Request:
/// <c>{"seq":n,"id":s,"problem":s,"answer":s,"fields":{...},"completion":s,"tokens":n,"max_tokens":n,"truncated":b,"thinking":b}</c>.
/// Answer: <c>{"seq":n,"score":x}</c>, optionally <c>"correct"</c>, <c>"reason"</c>; <c>{"seq":n,"skip":"why"}</c>. A command that names
/// the request it
/// answers gets the whole batch at once. One that leaves <c>seq</c> out (a bare number answers too) gets request after request, and is
/// believed
/// only while exactly one line comes for each: a line too many takes back every answer of the batch (<c>command-misaligned</c>).
/// A batch ends with a check: its first request once more, for which exactly one line must come, so that a line that the command still
/// held in a buffer shows in the batch that it belongs to.
/// A timeout, a crash or an answer that is none of these is a counted skip (<c>command-timeout</c>, <c>command-crashed</c>,
/// <c>command-wrong-answer</c>);
/// the process is killed with all its children, started again, and the rest of the batch goes to the new one.
/// </summary>
public sealed class CommandReward(CommandRewardSettings settings) : IBatchReward, INotifyingReward, IDisposable
{
    // A command that never answered anything in this many starts is a broken recipe, not a broken completion.
    private const int StartsWithoutAnswer = 3;

    // Batches of a process without sequence numbers after which a surplus line is waited for as long as an answer may take.
    private const int BatchesWatched = 3;

    // Requests between two checks, at least: single completions do not cost a command twice the work.
    private const int RequestsACheck = 8;

    private static readonly TimeSpan ShortestWatch = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private CommandProcess? _process;
    private int _failedStarts;
    private bool _everAnswered;
    private bool _everAligned;
    private int _batches;
    private long _sequence;
    private string _lastWords = "";

    /// <inheritdoc/>
    public event Action<string>? Notified;

    /// <inheritdoc/>
    public string Name => settings.Label;

    /// <inheritdoc/>
    public bool IsOutcome => settings.Outcome;

    /// <inheritdoc/>
    public bool ReadsAnyGold => true;

    /// <summary>How often the process was started, restarts included.</summary>
    public int Starts { get; private set; }

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion) => JudgeAll([(problem, completion)])[0];

    /// <summary>
    /// Judges a batch through the pipe. A <see cref="TenonException"/> only where the command cannot be started, dies again and again
    /// without ever
    /// having answered, or prints lines that answer nothing; its last lines of standard error are quoted.
    /// </summary>
    public Verdict[] JudgeAll(IReadOnlyList<(Problem Problem, Completion Completion)> items)
    {
        lock (_lock)
        {
            var verdicts = new Verdict[items.Count];
            for (var done = 0; done < items.Count;) done = JudgeUntilFailure(items, done, verdicts);
            Report(verdicts);
            return verdicts;
        }
    }

    /// <summary>Ends the command and its children.</summary>
    public void Dispose()
    {
        lock (_lock) Stop();
    }

    // Sends from `first` on and reads answers until one fails; that one becomes a skip. Returns the next item to judge.
    private int JudgeUntilFailure(IReadOnlyList<(Problem Problem, Completion Completion)> items, int first, Verdict[] verdicts)
    {
        if (_process?.Surplus(TimeSpan.Zero) is { } late) throw Misaligned(_process, late);
        var fresh = _process is null;
        var process = _process ??= Start();
        var unnamed = 0;
        var sent = first;
        for (var i = first; i < items.Count; i++)
        {
            // A command that names its answers cannot mix them up: it gets the rest at once.
            var ahead = process.EchoesSequence == true ? items.Count : i + 1;
            if (sent < ahead)
                process.SendAll(Enumerable.Range(sent, ahead - sent)
                    .Select(k => Request(items[k].Problem, items[k].Completion, _sequence++)));
            sent = Math.Max(sent, ahead);
            var sequence = _sequence - (sent - i);
            var seconds = settings.Timeout + (fresh && i == first ? settings.StartTimeout : 0);
            var outcome = process.ReadLine(TimeSpan.FromSeconds(seconds), out var line);
            var verdict = outcome switch
            {
                LineOutcome.Line => Answer(line!, sequence, out var named) is { } answer && named == (process.EchoesSequence ??= named)
                    ? answer : null,
                LineOutcome.Timeout => Verdict.Skip("command-timeout"),
                _ => Verdict.Skip("command-crashed"),
            };
            if (verdict is null || outcome != LineOutcome.Line)
            {
                verdicts[i] = verdict ?? Verdict.Skip("command-wrong-answer");
                // Behind a line that answers another request nothing without a number can be trusted.
                if (verdict is null && unnamed > 0 && NamesARequest(line!)) TakeBack(verdicts, first, i, process, line!);
                Fail(process, verdicts[i].Skipped!, line);
                return i + 1;
            }

            (verdicts[i], _everAnswered, _failedStarts) = (verdict, true, 0);
            if (process.EchoesSequence == true) continue;
            unnamed++;
            // A fresh process gets a moment to show that it prints more than one line for a request.
            if (process.Surplus(fresh && i == first ? ShortestWatch : TimeSpan.Zero) is not { } surplus) continue;
            TakeBack(verdicts, first, i + 1, process, surplus);
            return i + 1;
        }

        if (LeftOver(process, items[0], unnamed > 0) is not { } left) _everAligned = true;
        else if (unnamed == 0) throw Misaligned(process, left);
        else TakeBack(verdicts, first, items.Count, process, left);
        return items.Count;
    }

    // A line behind the batch's last answer. What a program prints without flushing waits in its buffer until the next answer goes out.
    private string? LeftOver(CommandProcess process, (Problem Problem, Completion Completion) item, bool unnamed)
    {
        if (process.Sent - process.CheckedAt >= RequestsACheck)
        {
            process.CheckedAt = process.Sent + 1;
            process.SendAll([Request(item.Problem, item.Completion, _sequence++)]);
            if (process.ReadLine(TimeSpan.FromSeconds(settings.Timeout), out var line) != LineOutcome.Line)
            {
                // It has answered all that counts; the next batch finds a new process.
                Stop();
                return null;
            }

            if (Answer(line!, _sequence - 1, out var named) is null || named != process.EchoesSequence) return line;
        }

        if (!unnamed) return process.Surplus(TimeSpan.Zero);
        return process.Surplus(_batches++ < BatchesWatched ? Watch(process) : ShortestWatch);
    }

    private static TimeSpan Watch(CommandProcess process) =>
        process.LongestWait * 2 > ShortestWatch ? process.LongestWait * 2 : ShortestWatch;

    // Answers without a number, of which one line was none: nobody can say which, so all of them become skips.
    private void TakeBack(Verdict[] verdicts, int first, int end, CommandProcess process, string line)
    {
        if (!_everAligned) throw Misaligned(process, line);
        for (var i = first; i < end; i++) verdicts[i] = Verdict.Skip("command-misaligned");
        _everAligned = false;
        _lastWords = $"; it printed {process.Printed} lines for {process.Sent} requests, the last one '{Short(line)}'";
        Stop();
    }

    private TenonException Misaligned(CommandProcess process, string line)
    {
        var (printed, sent, errors) = (process.Printed, process.Sent, process.LastErrors);
        Stop();
        return new TenonException($"The reward command '{settings.Command}'", "one line for each request it reads",
            $"{printed} lines for {sent} requests; '{Short(line)}' answers none of them{errors}",
            "print nothing but answers to standard output (all else to standard error), and give back each request's seq");
    }

    private static string Short(string line) => line.Length <= 100 ? line : line[..100] + "...";

    // A batch that was mostly skipped trains on next to nothing: the user hears why in the command's own words.
    private void Report(Verdict[] verdicts)
    {
        var skipped = verdicts.Where(v => v.Skipped is not null).ToList();
        if (skipped.Count == 0 || skipped.Count * 2 < verdicts.Length) return;
        var reasons =
            string.Join(", ", skipped.GroupBy(v => v.Skipped).OrderByDescending(g => g.Count()).Select(g => $"{g.Key} {g.Count()}"));
        var words = _process is { } running && running.LastErrors.Length > 0 ? running.LastErrors : _lastWords;
        Notified?.Invoke(
            $"the reward command '{settings.Command}' judged {verdicts.Length - skipped.Count} of {verdicts.Length} completions "
            + $"({reasons}){words}");
    }

    private CommandProcess Start()
    {
        Starts++;
        return CommandProcess.Start(settings.Command);
    }

    private void Fail(CommandProcess process, string reason, string? line)
    {
        _lastWords = process.LastErrors.Length > 0 ? process.LastErrors : line is null ? "" : $"; its last line was '{Short(line)}'";
        Stop();
        if (_everAnswered || ++_failedStarts < StartsWithoutAnswer) return;
        var got = reason switch
        {
            "command-timeout" => $"no answer within {settings.Timeout + settings.StartTimeout} s",
            "command-crashed" => $"it ended without an answer{process.LastErrors}",
            _ => $"the answer {line}",
        };
        throw new TenonException($"The reward command '{settings.Command}'", "one line of JSON with a score for each line it reads", got,
            "run it by hand with one request line; docs/rewards.md has the protocol");
    }

    private void Stop()
    {
        _process?.Dispose();
        _process = null;
    }

    private static string Request(Problem problem, in Completion completion, long sequence)
    {
        var request = new JsonObject
        {
            ["seq"] = sequence,
            ["id"] = problem.Id,
            ["problem"] = problem.Text,
            ["answer"] = problem.Answer,
            ["completion"] = completion.Text,
            ["tokens"] = completion.Tokens,
            ["max_tokens"] = completion.MaxTokens,
            ["truncated"] = completion.Truncated,
            ["thinking"] = completion.OpenedBlock is not null,
        };
        if (problem.Fields is { } fields)
        {
            var map = new JsonObject();
            foreach (var (key, value) in fields) map[key] = JsonNode.Parse(value.GetRawText());
            request["fields"] = map;
        }

        return request.ToJsonString();
    }

    private bool NamesARequest(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("seq", out var seq)
                && seq.TryGetInt64(out var n) && n >= 0 && n < _sequence;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    // Null where the line is no answer to this request; `named` says whether it gave the request's number.
    private static Verdict? Answer(string line, long sequence, out bool named)
    {
        named = false;
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Number) return Finite(root, null, null);
            if (root.ValueKind != JsonValueKind.Object) return null;
            named = root.TryGetProperty("seq", out var seq);
            if (named && (!seq.TryGetInt64(out var number) || number != sequence)) return null;
            if (root.TryGetProperty("skip", out var skip))
                return Verdict.Skip(skip.ValueKind == JsonValueKind.String ? skip.GetString()! : "command-skip");
            bool? correct = root.TryGetProperty("correct", out var c) && c.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? c.GetBoolean() : null;
            var reason = root.TryGetProperty("reason", out var r) && r.ValueKind == JsonValueKind.String ? r.GetString() : null;
            return root.TryGetProperty("score", out var score) && score.ValueKind == JsonValueKind.Number ? Finite(score, correct, reason)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Verdict? Finite(JsonElement number, bool? correct, string? reason) =>
        number.TryGetDouble(out var score) && double.IsFinite(score) ? new Verdict(score, correct, reason ?? "command") : null;
}
