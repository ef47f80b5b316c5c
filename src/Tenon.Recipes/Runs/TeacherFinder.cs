using Tenon.Models;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Text.Tokenizers;
using Tenon.Training.Objectives;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>The model that teaches another, where the objective names one.</summary>
internal static class TeacherFinder
{
    /// <summary>Opens it and looks that its tokens are those of the policy; null where the objective has no such teacher.</summary>
    /// <exception cref="TenonException">It cannot be opened, or its tokenizer is another.</exception>
    public static CausalModel? Open(RunSettings settings, LanguageModel policy, RunHome home)
    {
        if (settings.Objective is not { Teacher: Teacher.Model, TeacherModel: { } name }) return null;
        var rollout = settings.Rollout;
        var teacher = LanguageModel.Open(home.PathOf(name), settings.Precision, rollout.MaxPromptTokens + rollout.MaxNewTokens,
            settings.Data.ChatTemplate, settings.Template, settings.TokenizerPre);
        if (Difference(policy.Tokenizer.Tokenizer, teacher.Tokenizer.Tokenizer) is { } id)
            throw new TenonException($"objective.teacher-model '{name}'", $"the tokenizer of model '{settings.Model}'",
                $"token {id} is {Text(teacher, id)}, there it is {Text(policy, id)}",
                "a teacher scores the policy's own tokens: take a larger model of the same family", usage: true);
        return teacher.Model;
    }

    // The first id that is not the same token in both; ids that only pad a table have no text in either.
    private static int? Difference(ITokenizer a, ITokenizer b)
    {
        for (var id = 0; id < Math.Max(a.VocabularySize, b.VocabularySize); id++)
            if (a.TokenOf(id) != b.TokenOf(id))
                return id;
        return null;
    }

    private static string Text(LanguageModel model, int id) => model.Tokenizer.Tokenizer.TokenOf(id) is { } token ? $"'{token}'" : "none";
}
