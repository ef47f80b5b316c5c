using System.Collections.Concurrent;
using Tenon.Models.Generation;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Tests.Support;
using Tenon.Text.Prompting;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Rollouts;

public class OpenedBlockTests
{
    [Theory]
    [InlineData("<|user|>3+4<|assistant|>\n<think>\n", "<think>")]
    [InlineData("<|user|>3+4<|assistant|>\n<think></think>\n", null)]
    [InlineData("3+4=", null)]
    public void What_a_prompt_leaves_open_reaches_every_reward(string prompt, string? opened)
    {
        var reward = new Listening();
        var encoder = new PromptEncoder(new Letters(prompt), null);
        var problems = ProblemSource.Of([new Problem("p", prompt, "7")], 1);
        var plan = new RolloutPlan { Prompts = 1, Group = 2, MaxNewTokens = 4, MaxPromptTokens = 64, Seed = 1 };
        new LocalRollouts(RandomModel.Create(), new ProblemPrompts(encoder, "{problem}"), problems, [new WeightedReward(reward)], null,
            new GeneratorOptions(), plan).Draw(1, new RolloutState());
        reward.Seen.ShouldBe([opened, opened]);
    }

    private sealed class Listening : IReward
    {
        public ConcurrentQueue<string?> Seen { get; } = new();

        public string Name => "listening";

        public bool IsOutcome => true;

        public Verdict Judge(Problem problem, in Completion completion)
        {
            Seen.Enqueue(completion.OpenedBlock);
            return new Verdict(0, false, "heard");
        }
    }

    /// <summary>A token a letter; tags are special, as some models have them.</summary>
    private sealed class Letters(string text) : ITokenizer
    {
        private readonly char[] _letters = [.. text.Distinct()];

        public int VocabularySize => _letters.Length;

        public int[] Encode(string text, bool addSpecial = false) => [.. text.Select(c => Array.IndexOf(_letters, c))];

        public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
        {
            var letters = "";
            foreach (var id in ids) letters += id < _letters.Length && !(skipSpecial && IsSpecial(id)) ? _letters[id] : "";
            return letters;
        }

        public int? IdOf(string token) => null;

        public string? TokenOf(int id) => null;

        private bool IsSpecial(int id) => _letters[id] is '<' or '>';

        public IStreamingDecoder StreamingDecoder(bool skipSpecial = false) => throw new NotSupportedException();
    }
}
