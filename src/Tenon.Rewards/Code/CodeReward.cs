using Tenon.Rewards.Outcome;

namespace Tenon.Rewards.Code;

/// <summary>
/// The completion's last code block passes its tests: each runs in a process of its own, without network, with nothing writable but a
/// folder that is
/// thrown away, and within limits of time, memory, processes and output. Tests give standard input and expect standard output, or are
/// statements
/// that fail where the code is wrong.
/// </summary>
public sealed class CodeReward(CodeSettings settings) : IReward
{
    private const int LongestCode = 200_000;

    private readonly Language _language = Language.Of(settings.Interpreter);

    /// <inheritdoc/>
    public string Name => "code";

    /// <inheritdoc/>
    public bool IsOutcome => true;

    /// <inheritdoc/>
    public bool ReadsAnyGold => true;

    /// <inheritdoc/>
    public Verdict Judge(Problem problem, in Completion completion)
    {
        if (CodeTest.Of(problem, settings.Column) is not { } tests) return Verdict.Skip("no-tests");
        if (settings.MaxTests is { } most) tests = [.. tests.Take(most)];
        if (_language.Print is null && tests.Any(t => t.Statements is not null)) return Verdict.Skip("statements-in-unknown-language");
        if (Find(completion, out var reason) is not { } code) return new Verdict(0, false, reason);
        if (code.Length > LongestCode) return new Verdict(0, false, "too-long");
        var setup = problem.Fields is { } fields && fields.TryGetValue(settings.SetupColumn, out var s)
            && s.ValueKind == System.Text.Json.JsonValueKind.String ? s.GetString() + "\n" : "";
        try
        {
            return Run(setup + code, tests) with { Extracted = code };
        }
        catch (SandboxFailure)
        {
            return Verdict.Skip("sandbox-failed");
        }
    }

    private Verdict Run(string code, IReadOnlyList<CodeTest> tests)
    {
        using var runner = new CodeRunner(settings, _language);
        var passed = 0;
        string? first = null;
        foreach (var test in tests)
        {
            var fault = runner.Fault(code, test);
            if (fault is null) passed++;
            first ??= fault;
            // A build that failed fails every test; without partial credit the first failure decides.
            if (fault is not null && (settings.Credit == CodeCredit.All || fault.StartsWith("build-", StringComparison.Ordinal))) break;
        }

        if (first is null) return new Verdict(1, true, "all-passed");
        return new Verdict(settings.Credit == CodeCredit.Share ? (double)passed / tests.Count : 0, false, first);
    }

    private string? Find(in Completion completion, out string reason)
    {
        reason = "unclosed-think";
        if (completion.AfterThinking() is not { } text) return null;
        reason = "no-code";
        // Blocks of another language (a program's output, a shell command) are passed over.
        if (FencedBlock.All(text).LastOrDefault(b => b.Tag.Length == 0 || _language.Tags.Contains(b.Tag)) is not { } block) return null;
        reason = "unclosed-code";
        return block.Closed ? block.Body : null;
    }
}
