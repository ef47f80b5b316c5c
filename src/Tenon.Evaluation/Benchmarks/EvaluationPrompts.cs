using System.Security.Cryptography;
using System.Text;
using Tenon.Models.Generation;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Runs.Evaluations;
using Tenon.Text.Prompting;

namespace Tenon.Evaluation.Benchmarks;

/// <summary>
/// A benchmark's problems with their prompts, the places of their random numbers and their fingerprint; none of it depends on the order of
/// the problems.
/// </summary>
public sealed class EvaluationPrompts
{
    private EvaluationPrompts(IReadOnlyList<DrawnPrompt> all, IReadOnlyDictionary<string, string> rendered) =>
        (All, Rendered) = (all, rendered);

    /// <summary>The problems with their prompt ids.</summary>
    public IReadOnlyList<DrawnPrompt> All { get; }

    /// <summary>Each problem's prompt as text, by id.</summary>
    public IReadOnlyDictionary<string, string> Rendered { get; }

    /// <summary>
    /// SHA-256 over all problems: ids, questions (with what was said before them) and golds. Another model, and another file of the same
    /// problems, have the same.
    /// </summary>
    public string ProblemsHash => Hash(p =>
        [p.Problem.Id, p.Problem.Text, p.Problem.Answer, .. p.Problem.System is { } system ? [$"system: {system}"] : Array.Empty<string>(),
        .. p.Problem.Earlier.Select(turn => $"{turn.Role}: {turn.Content}")]);

    /// <summary>SHA-256 over the other columns, which name parts and may tell a grader more (a unit, a tolerance).</summary>
    public string ColumnsHash => Hash(p => [p.Problem.Id,
        .. p.Problem.Fields?.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}={f.Value.GetRawText()}") ?? []]);

    /// <summary>SHA-256 over all prompt ids: what tokenizer, template, prompt and system message have made of the problems.</summary>
    public string IdsHash => Hash(p => [p.Problem.Id, string.Join(' ', p.Prompt)]);

    /// <summary>The longest prompt in tokens.</summary>
    public int Longest => All.Count == 0 ? 0 : All.Max(p => p.Prompt.Length);

    /// <summary>Encodes a benchmark's problems.</summary>
    public static EvaluationPrompts Of(Benchmark benchmark, EvaluationSettings settings, PromptEncoder encoder)
    {
        var plain = new ProblemPrompts(encoder, settings.Prompt, settings.System);
        var all =
            benchmark.Problems.Select((p, i) => settings.Shots.Count == 0 ? plain.Of(p, i)
            : new DrawnPrompt(p, i, WithShots(p, settings, encoder))).ToList();
        return new EvaluationPrompts(all, all.ToDictionary(p => p.Problem.Id, p => plain.Rendered(p.Prompt), StringComparer.Ordinal));
    }

    /// <summary>
    /// Where a problem's random numbers come from: 56 bits of its id's SHA-256, so that no other problem of the file decides what is drawn.
    /// </summary>
    public static RandomPlace PlaceOf(Problem problem, ulong seed)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(problem.Id));
        return new RandomPlace(seed, RandomPurpose.Evaluation, (hash[4] << 16) | (hash[5] << 8) | hash[6], BitConverter.ToUInt32(hash));
    }

    // With a chat template worked problems are turns of the conversation; without one they stand before the question, a blank line between.
    private static int[] WithShots(Problem problem, EvaluationSettings settings, PromptEncoder encoder)
    {
        var question = Prompts.Fill(settings.Prompt, problem.Text);
        if (!encoder.HasTemplate)
            return encoder.Encode(string.Concat(settings.Shots.Select(s => $"{Prompts.Fill(settings.Prompt, s.Question)} {s.Answer}\n\n"))
                + question, settings.System);
        var messages = new List<PromptMessage>();
        if (settings.System is not null) messages.Add(new PromptMessage("system", settings.System));
        foreach (var (asked, answer) in settings.Shots)
        {
            messages.Add(new PromptMessage("user", Prompts.Fill(settings.Prompt, asked)));
            messages.Add(new PromptMessage("assistant", answer));
        }

        messages.Add(new PromptMessage("user", question));
        return encoder.Encode(messages);
    }

    // Of the problems' own hashes in order, so that their order in the file does not matter.
    private string Hash(Func<DrawnPrompt, IEnumerable<string>> parts) =>
        EvaluationIdentity.Sha256(
        string.Join('\n', All.Select(p => EvaluationIdentity.Sha256(string.Join('\0', parts(p)))).Order(StringComparer.Ordinal)));
}
