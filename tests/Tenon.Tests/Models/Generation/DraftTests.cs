using Tenon.Models.Generation;

namespace Tenon.Tests.Models.Generation;

/// <summary>Where drafts come from, and when they are tried.</summary>
public class DraftTests
{
    private static (GenerationTicket Ticket, SampleGroup Group) Ticket(int[] prompt, int samples, int tokens)
    {
        var ticket = new GenerationTicket(0, new GenerationRequest(prompt, samples, tokens, new RandomPlace(1)), new SamplingSettings(),
            new HashSet<int>())
        { Drafts = new DraftIndex(prompt) };
        return (ticket, new SampleGroup(ticket, 0, samples));
    }

    private static LiveSample Sample(SampleGroup group, params int[] ids)
    {
        var sample = new LiveSample(group, group.Next++, new PageTable(1));
        group.Ticket.Drafts!.Begin(sample);
        foreach (var id in ids) sample.Add(new SampledToken(id, 0, 0));
        return sample;
    }

    private static int[] Find(LiveSample sample, int most, out int agreed)
    {
        var draft = new int[most];
        return draft[..sample.Group.Ticket.Drafts!.Find(sample, draft, out agreed)];
    }

    [Fact]
    public void A_draft_is_what_followed_the_last_tokens_in_the_prompt_in_another_completion_or_in_the_text_itself()
    {
        var (_, group) = Ticket([10, 11, 12, 13, 14, 10, 20], 8, 100);
        Find(Sample(group, 10, 11), 3, out var agreed).ShouldBe([12, 13, 14]);
        agreed.ShouldBe(2);
        Sample(group, 30, 31, 32, 33);
        Find(Sample(group, 40, 30, 31), 7, out agreed).ShouldBe([32, 33]);
        agreed.ShouldBe(2);
        // The prompt's last token counts as one of those that agree.
        Find(Sample(group, 30, 31, 32), 7, out agreed).ShouldBe([33]);
        agreed.ShouldBe(8);
        Find(Sample(group, 50, 51, 52, 50, 51), 3, out agreed).ShouldBe([52, 50, 51]);
    }

    [Fact]
    public void A_text_that_repeats_itself_goes_on_with_its_own_draft()
    {
        var (_, group) = Ticket([1], 4, 100);
        Find(Sample(group, 7, 7, 7), 5, out _).ShouldBe([7, 7, 7, 7, 7]);
        Find(Sample(group, 8, 9, 8, 9), 5, out _).ShouldBe([8, 9, 8, 9, 8]);
    }

    [Fact]
    public void The_place_with_which_most_tokens_agree_is_taken_and_of_these_the_newest()
    {
        var (_, group) = Ticket([1, 2, 3, 4, 5, 9, 3, 4, 6], 8, 100);
        Find(Sample(group, 2, 3, 4), 2, out var agreed).ShouldBe([5, 9]);
        agreed.ShouldBe(3);
        Find(Sample(group, 30, 3, 4), 1, out agreed).ShouldBe([6]);
        agreed.ShouldBe(2);
    }

    [Fact]
    public void Nothing_is_found_where_no_two_tokens_agree()
    {
        var (_, group) = Ticket([1], 4, 100);
        Find(Sample(group), 4, out var agreed).ShouldBeEmpty();
        Find(Sample(group, 1), 4, out agreed).ShouldBeEmpty();
        Find(Sample(group, 3, 1, 4, 1, 5), 4, out agreed).ShouldBeEmpty();
        agreed.ShouldBe(0);
    }

    [Fact]
    public void A_text_of_any_length_is_looked_up_by_its_newest_part()
    {
        var (_, group) = Ticket([1, 2], 1, 1_000_000);
        var sample = Sample(group);
        for (var i = 0; i < 300_000; i++)
        {
            sample.Add(new SampledToken(i % 10_000, 0, 0));
            if (i % 1000 == 999) _ = Find(sample, 2, out _);
        }

        Find(sample, 2, out var agreed).ShouldBe([0, 1]);
        agreed.ShouldBe(DraftIndex.Longest);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Where_drafts_are_never_right_hardly_any_are_tried(int samples)
    {
        var (_, group) = Ticket([0, 1, 0, 0, 1, 1, 0], samples, 100_000);
        var alive = Enumerable.Range(0, samples).Select(_ => Sample(group)).ToList();
        var drafts = new Drafts();
        Play(drafts, alive, 3000, right: false);
        var first = drafts.Drafted;
        Play(drafts, alive, 3000, right: false);
        first.ShouldBeLessThan(200 * samples);
        (drafts.Drafted - first).ShouldBeLessThan(3000 * samples / 24);
        drafts.Accepted.ShouldBe(0);
        // The text has changed: trials find it out.
        Play(drafts, alive, 2000, right: true);
        drafts.Accepted.ShouldBeGreaterThan(2000);
    }

    // Two letters, so that every two tokens were seen before; the other letter follows than the draft says, or what it says.
    private static void Play(Drafts drafts, List<LiveSample> alive, int steps, bool right)
    {
        var chosen = new SampledToken[Drafts.MostRows];
        var draft = new int[1];
        for (var step = 0; step < steps; step++)
        {
            var expected = alive.ConvertAll(s => s.Group.Ticket.Drafts!.Find(s, draft, out _) == 0 ? 0 : draft[0]);
            if (!drafts.Find(alive))
            {
                for (var i = 0; i < alive.Count; i++) alive[i].Add(new SampledToken(right ? expected[i] : 1 - expected[i], 0, 0));
                continue;
            }

            drafts.Rows.ShouldBeLessThanOrEqualTo(Drafts.MostRows);
            for (var i = 0; i < alive.Count; i++)
            {
                var row = drafts.Outcome(i).Row;
                var tokens = drafts.Of(i);
                for (var t = 0; t <= tokens.Length; t++)
                {
                    var next = t < tokens.Length ? tokens[t] : t == 0 ? expected[i] : 0;
                    chosen[row + t] = new SampledToken(right ? next : 1 - next, 0, 0);
                }
            }

            while (drafts.Next(chosen)) { }
            for (var i = 0; i < alive.Count; i++)
            {
                var (row, taken) = drafts.Outcome(i);
                for (var t = 0; t <= taken; t++) alive[i].Add(chosen[row + t]);
            }
        }
    }

    [Fact]
    public void A_full_batch_and_the_last_token_get_no_draft()
    {
        var (_, group) = Ticket([1, 2, 1, 2, 1, 2], 20, 4);
        new Drafts().Find([.. Enumerable.Range(0, Drafts.MostRows).Select(_ => Sample(group))]).ShouldBeFalse();
        var drafts = new Drafts();
        drafts.Find([Sample(group, 1, 2, 1)]).ShouldBeFalse();
        drafts.Find([Sample(group, 1, 2)]).ShouldBeTrue();
        drafts.Of(0).ToArray().ShouldBe([1]);
    }
}
