using System.Text.Json.Nodes;
using Tenon.Runs;
using Tenon.Runs.Doctor;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Runs.Doctor;

/// <summary>
/// Each diagnosis on a run folder made to have it, found by name and nothing else; a healthy run, and each one short of its threshold, has
/// none.
/// </summary>
public class DiagnosesTests
{
    private static readonly Dictionary<string, Made> S_ill = new()
    {
        ["no-mixed-groups"] = new(30,
        (i, m, _) => { if (i is >= 10 and < 13) (m[StepMetric.GroupsMixed], m[StepMetric.GroupsAllWrong]) = (0, 16); }),
        ["advantage-collapse"] = new(30, (i, m, _) => { if (i > 18) (m[StepMetric.GroupsMixed], m[StepMetric.GroupsAllRight]) = (1, 15); }),
        ["repeated-problems"] = new(30, (i, _, s) => s.ForEach(x => x.Id = $"p{x.Group}")),
        ["inert-clip"] = new(30, (i, m, _) => (m[StepMetric.ClipLow], m[StepMetric.ClipHigh]) = (0, 0)) { Minibatches = 4 },
        ["saturated-clip"] = new(30, (i, m, _) => { if (i > 20) m[StepMetric.ClipHigh] = 0.4; }),
        ["sampler-differs"] = new(30, (i, m, _) => { if (i == 7) m[StepMetric.LogpDifference] = 1e-3; }),
        ["truncation"] = new(30, (i, m, _) => { if (i is > 10 and < 17) m[StepMetric.Truncated] = 0.5; }),
        ["length-drift"] = new(30, (i, m, _) => m[StepMetric.LengthMean] = 40 + 4 * i),
        ["entropy-collapse"] = new(30, (i, m, _) => m[StepMetric.Entropy] = i < 20 ? 0.5 : 0.001),
        ["entropy-explosion"] = new(30, (i, m, _) => m[StepMetric.Entropy] = i < 28 ? 0.1 : 4.7),
        ["accuracy-collapse"] = new(30, (i, m, _) => m[StepMetric.Accuracy] = m[StepMetric.RewardMean] = i < 26 ? 0.5 : 0.02),
        ["kl-jump"] = new(30, (i, m, _) => m[StepMetric.Kl] = i == 25 ? 0.9 : 0.01),
        ["gradient-jump"] = new(30, (i, m, _) => m[StepMetric.GradNorm] = i == 25 ? 900 : 0.3),
        ["teacher-below-policy"] = new(30, (i, m, _) => m[StepMetric.TeacherGap] = i < 4 ? -3 : -0.2) { Teacher = "own-answer" },
        ["teacher-left-out"] = new(30, (i, m, _) => m[StepMetric.TeacherUsed] = i is > 9 and < 14 ? 0 : 1),
        ["optimizer-stands-still"] = new(30, (i, m, _) => { if (i > 25) (m[StepMetric.UpdateNorm], m[StepMetric.GradNorm]) = (0, 2); }),
        ["rate-too-high"] = new(30, (i, m, _) => m[StepMetric.UpdateNorm] = 5),
        ["rate-too-low"] = new(30, (i, m, _) => m[StepMetric.UpdateNorm] = 1e-7),
        ["wrong-answers-rewarded"] = new(30, (i, _, s) => s.ForEach(x => { if (x.Sample == 0) x.Completion = "\\boxed{1}"; })),
        ["reward-without-accuracy"] = new(30, (i, m, _) => (m[StepMetric.RewardMean], m[StepMetric.Accuracy]) = (0.4 + 0.02 * i, 0.5)),
        ["format-lost"] = new(30, (i, _, s) => s.ForEach(x => { if (i > 25 && x.Sample == 1) x.Extracted = null; })),
        ["verdicts-skipped"] = new(30, (i, m, _) => { if (i > 20) m[StepMetric.Skipped["empty-gold"]] = 40; }),
        ["held-out-falling"] = new(30, (_, _, _) => { }) { HeldOut = [(0, 0.5), (10, 0.7), (30, 0.6)] },
    };

    public static TheoryData<string> Names => [.. Diagnoses.All.Select(d => d.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_is_found_on_a_run_that_has_it_and_nothing_else(string name)
    {
        using var folder = new TemporaryFolder();
        var call = Call.Tenon("doctor", S_ill[name].Write(folder.File("run")), "--json");
        call.Exit.ShouldBe(0, call.Error);
        var finding = JsonNode.Parse(call.Lines.ShouldHaveSingleItem())!["findings"]!.AsArray().ShouldHaveSingleItem()!;
        ((string?)finding["name"]).ShouldBe(name);
        ((string?)finding["severity"]).ShouldBeOneOf("fault", "warning");
        ((string?)finding["remedy"])!.ShouldNotBeEmpty();
        ((int)finding["steps"]![0]!).ShouldBeLessThanOrEqualTo((int)finding["steps"]![1]!);
        finding["value"].ShouldNotBeNull();
        finding["threshold"].ShouldNotBeNull();
    }

    [Fact]
    public void A_healthy_run_a_young_one_and_an_empty_one_have_none()
    {
        using var folder = new TemporaryFolder();
        foreach (var steps in new[] { 100, 3, 0 })
        {
            var call = Call.Tenon("doctor", new Made(steps, (_, _, _) => { }).Write(folder.File($"healthy-{steps}")));
            call.Exit.ShouldBe(0);
            call.Out.ShouldContain($"nothing found in {steps} steps");
        }
    }

    /// <summary>Few groups of hard problems have steps in a row without a right answer that say nothing of the policy.</summary>
    [Theory]
    [InlineData(8, false)]
    [InlineData(64, true)]
    public void Accuracy_that_chance_explains_is_no_collapse(int groups, bool found)
    {
        using var folder = new TemporaryFolder();
        var run = new Made(30, (i, m, _) =>
        {
            m[StepMetric.Accuracy] = m[StepMetric.RewardMean] = i is >= 20 and < 23 ? 0 : 0.12;
            (m[StepMetric.GroupsDrawn], m[StepMetric.GroupsMixed], m[StepMetric.GroupsAllWrong]) = (groups, groups / 2, groups / 2);
            m[StepMetric.GroupsAllRight] = 0;
        }).Write(folder.File("run"));
        var call = Call.Tenon("doctor", run, "--json");
        JsonNode.Parse(call.Lines.ShouldHaveSingleItem())!["findings"]!.AsArray().Any(f => (string?)f!["name"] == "accuracy-collapse")
            .ShouldBe(found);
    }

    [Fact]
    public void What_is_only_near_a_threshold_is_no_finding()
    {
        using var folder = new TemporaryFolder();
        var near = new Made(30, (i, m, _) =>
        {
            if (i is 10 or 11) (m[StepMetric.GroupsMixed], m[StepMetric.GroupsAllWrong]) = (0, 16);
            m[StepMetric.Truncated] = i % 5 == 0 ? 0.1 : 0.29;
            m[StepMetric.Entropy] = i < 20 ? 0.5 : 0.05;
            m[StepMetric.GradNorm] = i == 25 ? 9 : 0.05;
            m[StepMetric.LengthMean] = 40 + i;
        });
        Call.Tenon("doctor", near.Write(folder.File("near"))).Out.ShouldContain("nothing found");
    }

    [Fact]
    public void Mixed_groups_that_an_estimator_gives_no_advantage_count_as_collapsed()
    {
        using var folder = new TemporaryFolder();
        var collapsed = new Made(30, (i, m, _) => { if (i > 18) m[StepMetric.GroupsIdle] = 16; });
        Call.Tenon("doctor", collapsed.Write(folder.File("idle"))).Out.ShouldContain("advantage-collapse");
        var some = new Made(30, (i, m, _) => m[StepMetric.GroupsIdle] = 8);
        Call.Tenon("doctor", some.Write(folder.File("some"))).Out.ShouldContain("nothing found");
    }

    [Fact]
    public void Another_model_may_teach_from_far_above_the_policy_and_a_near_teacher_is_no_finding()
    {
        using var folder = new TemporaryFolder();
        foreach (var (teacher, gap) in new[] { ("model", -3), ("solution", -0.9), ("none", double.NaN) })
        {
            var made = new Made(30, (_, m, _) => m[StepMetric.TeacherGap] = gap) { Teacher = teacher };
            Call.Tenon("doctor", made.Write(folder.File(teacher))).Out.ShouldContain("nothing found", customMessage: teacher);
        }
    }

    [Fact]
    public void A_folder_that_is_no_run_is_a_failure_and_the_list_names_all()
    {
        using var folder = new TemporaryFolder();
        Call.Tenon("doctor", folder.Path).Exit.ShouldBe(1);
        Call.Tenon("doctor", folder.File("nothing")).Error.ShouldContain("is no run");
        Call.Tenon("doctor", "--list").Lines.Count.ShouldBe(Diagnoses.All.Count);
        Diagnoses.All.Count.ShouldBeGreaterThanOrEqualTo(12);
        S_ill.Keys.Order().ShouldBe(Diagnoses.All.Select(d => d.Name).Order());
    }

    /// <summary>An answer inside a think block that the prompt opened is none, so rewarding it is a fault.</summary>
    [Theory]
    [InlineData("<think>\n", true)]
    [InlineData("<reasoning>", true)]
    [InlineData("<think></think>\n", false)]
    [InlineData(null, false)]
    public void What_the_prompt_opened_is_known(string? end, bool found)
    {
        using var folder = new TemporaryFolder();
        var made = new Made(30, (_, _, lines) => lines.ForEach(x => x.Prompt = end is null ? null : $"<|user|>?<|assistant|>{end}"));
        var call = Call.Tenon("doctor", made.Write(folder.File("run")));
        (call.Out.Contains("wrong-answers-rewarded", StringComparison.Ordinal)).ShouldBe(found, call.Out);
    }

    private sealed class Line
    {
        public string? Prompt { get; set; }

        public required int Group { get; init; }

        public required int Sample { get; init; }

        public required string Id { get; set; }

        public required string Completion { get; set; }

        public required string? Extracted { get; set; }
    }

    /// <summary>A run that learns, with something changed in its steps (from 1) or completions.</summary>
    private sealed record Made(int Steps, Action<int, StepMetrics, List<Line>> Change)
    {
        public int Minibatches { get; init; } = 1;

        public string Teacher { get; init; } = "none";

        public IReadOnlyList<(int Step, double Accuracy)> HeldOut { get; init; } = [(0, 0.5), (30, 0.8)];

        public string Write(string path)
        {
            using var run =
                RunFolder.Create(path,
                new RunDescription
                {
                    Recipe = new JsonObject
                    {
                        ["update"] = new JsonObject { ["epochs"] = 1, ["minibatches"] = Minibatches },
                        ["objective"] = new JsonObject { ["teacher"] = Teacher },
                    },
                });
            using var log = new MetricsLog(run.MetricsFile);
            for (var i = 1; i <= Steps; i++)
            {
                var share = 0.45 + 0.3 * i / Steps;
                var step = new StepMetrics(i)
                {
                    [StepMetric.TokensSampled] = 16 * 8 * 40, [StepMetric.TokensTrained] = 16 * 8 * 40, [StepMetric.RewardMean] = share,
                    [StepMetric.Accuracy] = share,
                    [StepMetric.GroupsDrawn] = 16, [StepMetric.GroupsKept] = 16, [StepMetric.GroupsMixed] = 11,
                    [StepMetric.GroupsAllRight] = 4, [StepMetric.GroupsAllWrong] = 1,
                    [StepMetric.LengthMean] = 40, [StepMetric.Truncated] = 0.01, [StepMetric.Entropy] = 0.4 - 0.2 * i / Steps,
                    [StepMetric.Kl] = 0.01,
                    [StepMetric.ClipLow] = 0.001, [StepMetric.ClipHigh] = 0.002, [StepMetric.GradNorm] = 0.3,
                    [StepMetric.LearningRate] = 1e-3,
                    [StepMetric.UpdateNorm] = 0.1, [StepMetric.WeightNorm] = 10, [StepMetric.LogpDifference] = 0,
                };
                var lines = Enumerable.Range(0, 16)
                    .Select(k =>
                    new Line
                    {
                        Group = k / 2, Sample = k % 2, Id = $"p{i}-{k / 2}", Completion = $"so \\boxed{{{100 + k / 2}}}",
                        Extracted = "1"
                    }).ToList();
                Change(i, step, lines);
                log.Append(step);
                run.WriteSamples(i, lines.Select(x => new SampleRecord
                {
                    Step = i, Group = x.Group, Sample = x.Sample, Id = x.Id, Problem = "?", Answer = $"{100 + x.Group}",
                    Completion = x.Completion, Prompt = x.Prompt!, Tokens = 40, Correct = true, Extracted = x.Extracted,
                }.ToJson()));
            }

            foreach (var (step, accuracy) in HeldOut)
                run.WriteEvaluation("held-out@1", step,
                    new JsonObject { ["step"] = step, ["benchmark"] = "held-out@1", ["accuracy"] = accuracy });
            return path;
        }
    }
}
