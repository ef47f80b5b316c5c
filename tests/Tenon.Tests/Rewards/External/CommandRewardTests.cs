using System.Diagnostics;
using Tenon.Rewards;
using Tenon.Rewards.External;

namespace Tenon.Tests.Rewards.External;

/// <summary>Commands here are lines of the system's shell, which every Unix has.</summary>
public class CommandRewardTests
{
    private const string ScoreEach = "while read -r line; do echo '{\"score\":0.5,\"correct\":true,\"reason\":\"ok\"}'; done";

    [Fact]
    public void A_command_that_stays_up_judges_a_batch_in_one_start()
    {
        using var reward = Reward(ScoreEach);
        var verdicts = reward.JudgeAll(Items(200));
        verdicts.ShouldAllBe(v => v.Score == 0.5 && v.Correct == true && v.Reason == "ok");
        reward.Judge(Items(1)[0].Problem, Items(1)[0].Completion).Score.ShouldBe(0.5);
        reward.Starts.ShouldBe(1);
    }

    [Fact]
    public void It_reads_problem_answer_and_completion_and_may_answer_a_bare_number()
    {
        using var reward =
            Reward(
            "while read -r l; do case \"$l\" in *'\"answer\":\"7\"'*'\"completion\":\"c7\"'*) echo 1;; *) echo '{\"skip\":\"other\"}';; "
            + "esac; done");
        var verdicts = reward.JudgeAll(Items(9));
        verdicts[7].Score.ShouldBe(1);
        verdicts[7].Correct.ShouldBeNull();
        verdicts[6].Skipped.ShouldBe("other");
    }

    [Fact]
    public void A_crash_skips_that_row_alone_and_the_command_is_started_again()
    {
        using var reward = Reward("while read -r l; do case \"$l\" in *'\"completion\":\"c3\"'*) exit 1;; *) echo 1;; esac; done");
        var verdicts = reward.JudgeAll(Items(8));
        verdicts[3].Skipped.ShouldBe("command-crashed");
        verdicts.Where((_, i) => i != 3).ShouldAllBe(v => v.Score == 1 && v.Skipped == null);
        reward.Starts.ShouldBe(2);
    }

    [Fact]
    public void A_timeout_skips_that_row_alone_and_kills_what_hangs()
    {
        using var reward =
            Reward("while read -r l; do case \"$l\" in *'\"completion\":\"c1\"'*) sleep 77;; *) echo 1;; esac; done", timeout: 0.3);
        var clock = Stopwatch.StartNew();
        var verdicts = reward.JudgeAll(Items(3));
        clock.Elapsed.TotalSeconds.ShouldBeLessThan(20);
        verdicts.Select(v => v.Skipped).ShouldBe([null, "command-timeout", null]);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("{\"points\":1}")]
    [InlineData("{\"score\":\"1\"}")]
    [InlineData("{\"score\":1e999}")]
    [InlineData("{\"score\":1,\"seq\":-5}")]
    [InlineData("true")]
    public void An_answer_that_is_no_score_is_a_skip(string line)
    {
        using var reward = Reward($"while read -r l; do case \"$l\" in *'\"completion\":\"c1\"'*) echo '{line}';; *) echo 1;; esac; done");
        reward.JudgeAll(Items(3)).Select(v => v.Skipped).ShouldBe([null, "command-wrong-answer", null]);
    }

    [Fact]
    public void A_command_that_never_answers_is_an_error_that_quotes_it()
    {
        using var reward = Reward("echo broken setup >&2; exit 3");
        Should.Throw<TenonException>(() => reward.JudgeAll(Items(9))).Message.ShouldContain("broken setup");
        reward.Starts.ShouldBe(3);
    }

    [Fact, Trait("Speed", "slow")]
    public void Texts_longer_than_a_pipe_and_broken_ones_pass()
    {
        using var reward = Reward(ScoreEach);
        var items = Items(20).Select(i => (i.Problem, new Completion(new string('x', 100_000) + "\n\ud800\"", 1, false, 9))).ToList();
        reward.JudgeAll(items).ShouldAllBe(v => v.Score == 0.5);
    }

    /// <summary>A line too many for each request: a bare number, an answer without seq, an answer with one.</summary>
    [Theory]
    [InlineData("echo 0; echo '{\"score\":1}'")]
    [InlineData("echo '{\"score\":0}'; echo 1")]
    [InlineData("echo 0.25; echo \"{\\\"seq\\\":$n,\\\"score\\\":1}\"")]
    [InlineData("echo 1; sleep 0.05; echo 1")]
    public void A_line_too_many_for_each_request_never_becomes_another_completions_reward(string answer)
    {
        using var reward = Reward($"n=0; while read -r l; do {answer}; n=$((n+1)); done");
        var error = Should.Throw<TenonException>(() => reward.JudgeAll(Items(16)));
        error.Message.ShouldContain("lines for");
        error.Message.ShouldContain("while read -r l");
    }

    [Fact]
    public void One_line_too_many_takes_back_the_batch_of_a_command_that_names_no_request()
    {
        var notices = new List<string>();
        using var reward =
            Reward(
            "while read -r l; do case \"$l\" in *'\"completion\":\"c11\"'*) echo debug >&2; echo 0; echo 1;; *) echo 1;; esac; done");
        reward.Notified += notices.Add;
        reward.JudgeAll(Items(8)).ShouldAllBe(v => v.Score == 1);
        var second = reward.JudgeAll(Items(14));
        second.Take(12).ShouldAllBe(v => v.Skipped == "command-misaligned");
        second.Skip(12).ShouldAllBe(v => v.Score == 1);
        notices.ShouldHaveSingleItem().ShouldContain("command-misaligned 12");
    }

    [Fact]
    public void A_command_that_names_its_requests_loses_only_the_row_of_a_stray_line()
    {
        var notices = new List<string>();
        using var reward =
            Reward("while read -r l; do n=${l#*:}; n=${n%%,*}; [ $n = 5 ] && echo 1; echo \"{\\\"seq\\\":$n,\\\"score\\\":0.$n}\"; done");
        reward.Notified += notices.Add;
        var verdicts = reward.JudgeAll(Items(9));
        verdicts[5].Skipped.ShouldBe("command-wrong-answer");
        verdicts.Take(5).Select(v => v.Score).ShouldBe([0, 0.1, 0.2, 0.3, 0.4]);
        verdicts.Skip(6).ShouldAllBe(v => v.Skipped == null);
        notices.ShouldBeEmpty();
    }

    /// <summary>A line behind the last answer that stays in the program's buffer, as Python's does, until it answers again.</summary>
    [Theory]
    [InlineData("debug", true)]
    [InlineData("0.25", true)]
    [InlineData("{\\\"score\\\":1}", true)]
    [InlineData("debug", false)]
    [InlineData("0.25", false)]
    public void A_line_left_in_the_commands_buffer_ends_the_batch_that_it_belongs_to(string stray, bool named)
    {
        var answer = named ? "{\\\"seq\\\":$n,\\\"score\\\":1}" : "1";
        using var reward = Reward($$"""
            held=; while read -r l; do
              n=${l#*:}; n=${n%%,*}
              [ -n "$held" ] && echo "$held"; held=
              echo "{{answer}}"
              case "$l" in *'"completion":"c15"'*) held="{{stray}}";; esac
            done
            """);
        var error = Should.Throw<TenonException>(() => reward.JudgeAll(Items(16)));
        error.Message.ShouldContain("lines for");
        error.Message.ShouldContain("while read -r l");
    }

    [Fact]
    public void After_a_whole_batch_a_left_over_line_takes_back_the_batch_of_a_command_that_names_no_request()
    {
        using var reward = Reward("""
            held=; while read -r l; do
              [ -n "$held" ] && echo "$held"; held=
              echo 1
              case "$l" in *'"completion":"c11"'*) held=0.5;; esac
            done
            """);
        reward.JudgeAll(Items(10)).ShouldAllBe(v => v.Score == 1);
        reward.JudgeAll(Items(12)).ShouldAllBe(v => v.Skipped == "command-misaligned");
        reward.JudgeAll(Items(9)).ShouldAllBe(v => v.Score == 1);
    }

    [Fact]
    public void A_check_follows_every_eighth_request_at_most_and_a_command_that_ends_there_has_judged()
    {
        var log = Path.GetTempFileName();
        try
        {
            using (var reward = Reward($"while read -r l; do n=${{l#*:}}; n=${{n%%,*}}; echo $n >> {log}; [ $n = 37 ] && exit; "
                + "echo \"{\\\"seq\\\":$n,\\\"score\\\":1}\"; done"))
            {
                foreach (var count in new[] { 1, 1, 16, 3, 6, 8 }) reward.JudgeAll(Items(count)).ShouldAllBe(v => v.Score == 1);
                reward.Starts.ShouldBe(1);
                reward.JudgeAll(Items(2)).ShouldAllBe(v => v.Score == 1);
            }

            // 35 answers, and a check after the batches of 16, of 6 and of 8.
            File.ReadAllLines(log).Length.ShouldBe(1 + 1 + 16 + 1 + 3 + 6 + 1 + 8 + 1 + 2);
        }
        finally
        {
            File.Delete(log);
        }
    }

    [Fact]
    public void A_batch_that_was_mostly_skipped_is_told_in_the_commands_own_words()
    {
        var notices = new List<string>();
        using var reward =
            Reward("while read -r l; do case \"$l\" in *c0*) echo 1;; *) echo no module named torch >&2; exit 1;; esac; done");
        reward.Notified += notices.Add;
        reward.JudgeAll(Items(4)).Count(v => v.Skipped == "command-crashed").ShouldBe(3);
        notices.ShouldHaveSingleItem().ShouldContain("no module named torch");
        notices[0].ShouldContain("judged 1 of 4");
    }

    private static CommandReward Reward(string command, double timeout = 20)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a Unix shell");
        return new CommandReward(new CommandRewardSettings { Command = command, Timeout = timeout, StartTimeout = 5 });
    }

    private static List<(Problem Problem, Completion Completion)> Items(int count) =>
        [.. Enumerable.Range(0, count).Select(i => (new Problem($"p{i}", "q", $"{i}"), new Completion($"c{i}", 1, false, 9)))];
}
