using Tenon.Checkpoints;
using Tenon.Rewards;
using Tenon.Text.Prompting;

namespace Tenon.Rollouts;

/// <summary>The named prompts, and the filling of a template.</summary>
public static class Prompts
{
    /// <summary>The prompt of the recipe and of the evaluation by default: reasoning in steps and a boxed answer.</summary>
    public const string Boxed = "{problem}\nPlease reason step by step, and put your final answer within \\boxed{}.";

    /// <summary>The question alone.</summary>
    public const string Plain = "{problem}";

    /// <summary>The word for the model's own prompt, which <see cref="Of"/> turns into a named one.</summary>
    public const string ModelsOwn = "default";

    private static readonly Dictionary<string, string> Named = new(StringComparer.Ordinal)
    {
        ["boxed"] = Boxed,
        ["plain"] = Plain,
        ["lighteval"] = "{problem} Please reason step by step, and put your final answer within \\boxed{}.",
        ["open-r1"] = OpenR1("$Answer"),
        ["slime"] = OpenR1("\\boxed{$Answer}"),
        ["question"] = "Question: {problem}\nAnswer:",
    };

    private static string OpenR1(string answer) =>
        $"Solve the following math problem step by step. The last line of your response should be of the form Answer: {answer} (without "
        + $"quotes) "
        + "where $Answer is the answer to the problem.\n\n{problem}\n\nRemember to put your answer on its own line after \"Answer:\".";

    /// <summary>The names.</summary>
    public static IReadOnlyCollection<string> Names => [.. Named.Keys, ModelsOwn];

    /// <summary>True for a name and for a template.</summary>
    public static bool IsKnown(string prompt) =>
        prompt == ModelsOwn || Named.ContainsKey(prompt) || prompt.Contains("{problem}", StringComparison.Ordinal);

    /// <summary>
    /// The prompt that a run on a model uses: the embedded model was trained on questions alone and does not know how to box.
    /// </summary>
    public static string Of(string prompt, string? model)
    {
        if (prompt != ModelsOwn) return prompt;
        return model == EmbeddedModel.Name ? "plain" : "boxed";
    }

    /// <summary>
    /// Prompt ids of a problem: its text in the template, behind what was said before it. A system message of its own takes the place of
    /// <paramref name="system"/>.
    /// </summary>
    public static int[] Encode(PromptEncoder encoder, string prompt, Problem problem, string? system = null) =>
        EncodeText(encoder, Fill(problem.Origin?.Prompt ?? prompt, problem.Text), problem, system);

    /// <summary>Prompt ids of what a problem's question became, behind what was said before it.</summary>
    internal static int[] EncodeText(PromptEncoder encoder, string text, Problem problem, string? system)
    {
        system = problem.System ?? system;
        if (problem.Earlier.Count == 0) return encoder.Encode(text, system);
        if (!encoder.HasTemplate)
            throw new TenonException($"problem {problem.Id}", "a question alone, where there is no chat template",
                $"a conversation of {problem.Earlier.Count + 1} messages",
                "take a model with a chat template, or leave chat-template: false out", usage: true);
        var messages = new List<PromptMessage>();
        if (system is not null) messages.Add(new PromptMessage("system", system));
        messages.AddRange(problem.Earlier.Select(turn => new PromptMessage(turn.Role, turn.Content)));
        messages.Add(new PromptMessage("user", text));
        return encoder.Encode(messages);
    }

    /// <summary>
    /// The template with the problem in it. One pass: braces of <c>\boxed{}</c> and of the problem's own text stay as they are.
    /// </summary>
    public static string Fill(string prompt, string problem) => prompt == ModelsOwn
        ? throw new InvalidOperationException($"the prompt '{ModelsOwn}' is not resolved")
        : (Named.TryGetValue(prompt, out var template) ? template : prompt).Replace("{problem}", problem, StringComparison.Ordinal);
}
