using Tenon.Training.Objectives;
using Tenon.Training.Settings;

namespace Tenon.Tests.Training.Objectives;

/// <summary>What a teacher does to advantages, against its formulas.</summary>
public class TeacherAdvantagesTests
{
    private static readonly double[] Student = [-1, -0.5, -2, -0.7, -3];
    private static readonly double[] Teacher = [-0.4, -0.6, -1.9, double.NaN, -9];

    [Fact]
    public void Distillation_adds_the_log_ratio_of_teacher_and_policy()
    {
        var settings = ObjectivePresets.Named("opsd");
        Of(settings, 1, [0, 0, 0, 0, 0]).ShouldBe([0.6, -0.1, 0.1, 0, -6], 1e-12);
        // Beside a reward's advantage, with a weight and a bound.
        Of(settings with { TeacherBound = 0.5 }, 2, [1, 1, -1, 1, -1]).ShouldBe([2, 0.8, -0.8, 1, -2], 1e-12);
    }

    [Fact]
    public void Rlsd_takes_signs_from_the_reward_and_magnitudes_from_the_teacher()
    {
        var settings = ObjectivePresets.Named("rlsd");
        double[] advantages = [1, -2, 0.5, 1, -1];
        var factors = new double[5];
        var actual = TeacherAdvantages.Of(settings.Teaching, 0.5, advantages, Student, Teacher, factors);
        double[] gaps = [0.6, -0.1, 0.1, 0, -6];
        for (var t = 0; t < 5; t++)
        {
            var weight = Math.Clamp(Math.Exp(Math.Sign(advantages[t]) * gaps[t]), 0.8, 1.2);
            actual[t].ShouldBe(double.IsNaN(Teacher[t]) ? advantages[t] : advantages[t] * (0.5 + 0.5 * weight), 1e-12);
            Math.Sign(actual[t]).ShouldBe(Math.Sign(advantages[t]));
        }
        factors[0].ShouldBe(1.2);
        Of(settings, 0, advantages).ShouldBe(advantages);
    }

    [Fact]
    public void Its_weight_falls_in_a_line()
    {
        var settings = ObjectivePresets.Named("rlsd");
        double Weight(int step) => TeacherAdvantages.Weight(settings.Teaching, step);
        (Weight(1), Weight(26), Weight(51), Weight(90)).ShouldBe((0.5, 0.25, 0, 0));
        TeacherAdvantages.Weight(settings.Teaching with { DecaySteps = null }, 90).ShouldBe(0.5);
    }

    [Fact]
    public void What_makes_no_sense_is_refused_by_key()
    {
        string[] Keys(ObjectiveSettings settings) => [.. SettingsCheck.Faults(settings).Select(fault => fault.Key)];
        var opsd = ObjectivePresets.Named("opsd");
        Keys(opsd with { Teacher = Tenon.Training.Objectives.Teacher.None }).ShouldBe(["advantage"]);
        Keys(opsd with { TeacherSignal = TeacherSignal.Magnitude }).ShouldBe(["teacher-signal"]);
        var run = new RunSettings { Data = new DataSettings { Task = new TaskSettings() }, Objective = ObjectivePresets.Named("opd") };
        run.Validate().Select(fault => fault.Key).ShouldBe(["objective.teacher-model"]);
        Keys(opsd with { TeacherModel = "tiny" }).ShouldBe(["teacher-model"]);
        Keys(opsd with { TeacherPrompt = "{prompt} and no more" }).ShouldBe(["teacher-prompt"]);
        Keys(opsd with { TeacherPrompt = "{solution}{prompt}" }).ShouldBeEmpty();
    }

    private static double[] Of(ObjectiveSettings settings, double weight, double[] advantages) =>
        TeacherAdvantages.Of(settings.Teaching, weight, advantages, Student, Teacher);
}
