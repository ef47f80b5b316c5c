using System.Reflection;
using Tenon.Training.Objectives;

namespace Tenon.Tests.Training.Objectives;

/// <summary>A function of the loss says by its arguments what it reads: groups of keys, never the whole objective.</summary>
public class ObjectiveGroupsTests
{
    // What puts an objective together, checks it or takes it apart; everything else is handed its part.
    private static readonly string[] S_doors =
    [
        "Advantages.Of", "LoggedMetrics.Clips", "LoggedMetrics.Of", "LoggedMetrics.Shown", "LossPlan.Of", "LossTerms.Of",
        "LossTotals..ctor", "PolicyLoss.Accumulate", "PolicyLoss.AddSlopes", "PolicyLoss.Of", "PolicyLoss.Report", "StepRows.Of",
    ];

    [Fact]
    public void Only_the_doors_take_an_objective_whole() =>
        typeof(ObjectiveSettings).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(ObjectiveSettings).Namespace && type.DeclaringType is null
            && !type.Name.StartsWith("Objective", StringComparison.Ordinal) && !type.Name.StartsWith("Preset", StringComparison.Ordinal))
            .SelectMany(type => type.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance
                | BindingFlags.DeclaredOnly).OfType<MethodBase>())
            .Where(method => method.GetParameters().Any(parameter => parameter.ParameterType == typeof(ObjectiveSettings)))
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name}").Distinct().Order(StringComparer.Ordinal)
            .ShouldBe(S_doors);

    [Fact]
    public void Nothing_of_the_loss_keeps_an_objective() =>
        typeof(ObjectiveSettings).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(ObjectiveSettings).Namespace)
            .SelectMany(type => type.GetFields(BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Instance))
            .Where(field => field.FieldType == typeof(ObjectiveSettings) && !field.DeclaringType!.Name.Contains('<'))
            .Select(field => $"{field.DeclaringType!.Name}.{field.Name}").ShouldBeEmpty();
}
