using System.Text.RegularExpressions;
using Tenon.Rewards;
using Tenon.Text.Prompting;

namespace Tenon.Rollouts;

/// <summary>A drawn problem with its prompt.</summary>
/// <param name="Problem">The question.</param>
/// <param name="Draw">Number of the draw within its step.</param>
/// <param name="Prompt">Prompt ids.</param>
public sealed record DrawnPrompt(Problem Problem, int Draw, int[] Prompt);

/// <summary>From problems to prompt ids: a named prompt or a template with {problem}, and the system message before it.</summary>
/// <param name="Encoder">Tokenizer and chat template.</param>
/// <param name="Template">The prompt's name, or a template.</param>
/// <param name="System">A system message, or null.</param>
public sealed partial record ProblemPrompts(PromptEncoder Encoder, string Template, string? System = null)
{
    /// <summary>The prompt of a problem that is the <paramref name="draw"/>th of its step.</summary>
    public DrawnPrompt Of(Problem problem, int draw) => new(problem, draw, Prompts.Encode(Encoder, Template, problem, System));

    /// <summary>
    /// The prompt of a teacher that is shown a solution: <paramref name="frame"/> with the run's own prompt for {prompt} and the solution
    /// for {solution}. One pass: braces of either stay as they are.
    /// </summary>
    public int[] WithSolution(Problem problem, string frame, string solution)
    {
        var text = Place().Replace(frame, place => place.Value == "{prompt}" ? Prompts.Fill(Template, problem.Text) : solution);
        return Prompts.EncodeText(Encoder, text, problem, System);
    }

    [GeneratedRegex(@"\{prompt\}|\{solution\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Place();

    /// <summary>The prompt as text, special tokens included: what the chat template has rendered.</summary>
    public string Rendered(int[] prompt) => Encoder.Tokenizer.Decode(prompt);
}
