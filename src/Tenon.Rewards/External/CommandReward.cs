using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Rewards.External;

/// <summary>
/// A user's own reward: a command that stays up, reads one JSON line a completion and answers one JSON line each, in order (docs/rewards.md).
/// Request: <c>{"seq":n,"id":s,"problem":s,"answer":s,"fields":{...},"completion":s,"tokens":n,"max_tokens":n,"truncated":b,"thinking":b}</c>.
/// Answer: <c>{"score":x}</c>, optionally <c>"correct"</c>, <c>"reason"</c>, <c>"seq"</c> (checked where present); <c>{"skip":"why"}</c>; or a bare number.
/// A timeout, a crash or an answer that is none of these is a counted skip (<c>command-timeout</c>, <c>command-crashed</c>, <c>command-wrong-answer</c>);
/// the process is killed with all its children, started again, and the rest of the batch goes to the new one.
/// </summary>
public sealed class CommandReward(CommandRewardSettings settings) : IBatchReward, IDisposable
{
    // A command that never answered anything in this many starts is a broken recipe, not a broken completion.
    private const int StartsWithoutAnswer = 3;

    private readonly Lock _lock = new();
    private CommandProcess? _process;
    private int _failedStarts;
    private bool _everAnswered;
    private long _sequence;

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
    /// Judges a batch through the pipe without waiting for each answer. A <see cref="TenonException"/> only where the command cannot be started
    /// or dies again and again without ever having answered; its last lines of standard error are quoted.
    /// </summary>
    public Verdict[] JudgeAll(IReadOnlyList<(Problem Problem, Completion Completion)> items)
    {
        lock (_lock)
        {
            var verdicts = new Verdict[items.Count];
            for (var done = 0; done < items.Count;) done = JudgeUntilFailure(items, done, verdicts);
            return verdicts;
        }
    }

    /// <summary>Ends the command and its children.</summary>
    public void Dispose()
    {
        lock (_lock) Stop();
    }

    // Sends everything from `first` on and reads answers until one fails; that one becomes a skip. Returns the next item to judge.
    private int JudgeUntilFailure(IReadOnlyList<(Problem Problem, Completion Completion)> items, int first, Verdict[] verdicts)
    {
        var fresh = _process is null;
        var process = _process ??= Start();
        var base0 = _sequence - first;
        _sequence += items.Count - first;
        process.SendAll(Enumerable.Range(first, items.Count - first).Select(i => Request(items[i].Problem, items[i].Completion, base0 + i)));
        for (var i = first; i < items.Count; i++)
        {
            var seconds = settings.Timeout + (fresh && i == first ? settings.StartTimeout : 0);
            var outcome = process.ReadLine(TimeSpan.FromSeconds(seconds), out var line);
            var verdict = outcome switch
            {
                LineOutcome.Line => Answer(line!, base0 + i),
                LineOutcome.Timeout => Verdict.Skip("command-timeout"),
                _ => Verdict.Skip("command-crashed"),
            };
            if (verdict is not null && outcome == LineOutcome.Line)
            {
                (verdicts[i], _everAnswered, _failedStarts) = (verdict, true, 0);
                continue;
            }

            verdicts[i] = verdict ?? Verdict.Skip("command-wrong-answer");
            Fail(process, verdicts[i].Skipped!, line);
            return i + 1;
        }

        return items.Count;
    }

    private CommandProcess Start()
    {
        Starts++;
        return CommandProcess.Start(settings.Command);
    }

    private void Fail(CommandProcess process, string reason, string? line)
    {
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

    private static Verdict? Answer(string line, long sequence)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Number) return Finite(root, null, null);
            if (root.ValueKind != JsonValueKind.Object) return null;
            if (root.TryGetProperty("seq", out var seq) && (!seq.TryGetInt64(out var number) || number != sequence)) return null;
            if (root.TryGetProperty("skip", out var skip)) return Verdict.Skip(skip.ValueKind == JsonValueKind.String ? skip.GetString()! : "command-skip");
            bool? correct = root.TryGetProperty("correct", out var c) && c.ValueKind is JsonValueKind.True or JsonValueKind.False ? c.GetBoolean() : null;
            var reason = root.TryGetProperty("reason", out var r) && r.ValueKind == JsonValueKind.String ? r.GetString() : null;
            return root.TryGetProperty("score", out var score) && score.ValueKind == JsonValueKind.Number ? Finite(score, correct, reason) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Verdict? Finite(JsonElement number, bool? correct, string? reason) =>
        number.TryGetDouble(out var score) && double.IsFinite(score) ? new Verdict(score, correct, reason ?? "command") : null;
}
