using System.Text.Json;
using Tenon.Rewards;

namespace Tenon.Tests.Rewards;

/// <summary>Short ways to make a reward, a problem and a completion.</summary>
internal static class Rows
{
    public static IReward Reward(string name, string? settings = null) =>
        RewardFinder.Create(name, settings is null ? null
        : JsonDocument.Parse(settings).RootElement.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value));

    public static Problem Problem(string answer, string? fields = null) =>
        new("p", "question", answer, fields is null ? null
        : JsonDocument.Parse(fields).RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value));

    public static Completion Completion(string text, int tokens = 10, int limit = 100, params int[] ids) =>
        new(text, tokens, false, limit, ids);

    public static Verdict Judge(this IReward reward, string answer, string text, string? fields = null) =>
        reward.Judge(Problem(answer, fields), Completion(text));

    /// <summary>The messages of a usage error that these settings must give.</summary>
    public static string Faults(string name, string settings)
    {
        var error = Should.Throw<TenonException>(() => Reward(name, settings));
        error.IsUsage.ShouldBeTrue();
        return error.Message;
    }
}
