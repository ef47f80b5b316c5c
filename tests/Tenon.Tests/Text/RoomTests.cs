using Tenon.Adapters;
using Tenon.Checkpoints;
using Tenon.Cluster;
using Tenon.Evaluation.Reports;
using Tenon.MathAnswers;
using Tenon.Models;
using Tenon.Recipes;
using Tenon.Rewards;
using Tenon.Rollouts;
using Tenon.Runs;
using Tenon.Studies;
using Tenon.Tensors;
using Tenon.Text.Tokenizers;
using Tenon.Training;

namespace Tenon.Tests.Text;

/// <summary>What each room does not know: the map of the projects.</summary>
public class RoomTests
{
    [Theory]
    [InlineData(typeof(TenonException), "Tenon.Tensors", "Tenon.Checkpoints", "Tenon.Text", "Tenon.Runs", "Tenon.MathAnswers")]
    [InlineData(typeof(Tape), "Tenon.Checkpoints", "Tenon.Models", "Tenon.Text")]
    [InlineData(typeof(SafetensorsFile), "Tenon.Tensors", "Tenon.Models", "Tenon.Text")]
    [InlineData(typeof(TokenizerJson), "Tenon.Tensors", "Tenon.Models", "Tenon.Adapters", "Tenon.Training")]
    [InlineData(typeof(MathVerifier), "Tenon.Rewards", "Tenon.Tensors", "Tenon.Text", "Tenon.Models")]
    [InlineData(typeof(CausalModel), "Tenon.Text", "Tenon.Adapters", "Tenon.Training")]
    [InlineData(typeof(AdapterMethod), "Tenon.Rewards", "Tenon.Rollouts", "Tenon.Runs", "Tenon.Training", "Tenon.Evaluation")]
    [InlineData(typeof(RunFolder), "Tenon.Tensors", "Tenon.Models", "Tenon.Text", "Tenon.Rewards", "Tenon.Training")]
    [InlineData(typeof(IReward), "Tenon.Tensors", "Tenon.Models", "Tenon.Text", "Tenon.Rollouts", "Tenon.Training")]
    [InlineData(typeof(IRolloutSource), "Tenon.Adapters", "Tenon.Training", "Tenon.Evaluation", "Tenon.Recipes")]
    [InlineData(typeof(ResultTable), "Tenon.Training", "Tenon.Recipes", "Tenon.Studies", "tenon")]
    [InlineData(typeof(RlvrTrainer), "Tenon.Recipes", "Tenon.Studies", "tenon", "YamlDotNet", "Spectre.Console", "System.CommandLine")]
    [InlineData(typeof(TrainingRun), "Tenon.Studies", "tenon", "Spectre.Console", "System.CommandLine")]
    [InlineData(typeof(Study), "tenon", "YamlDotNet", "Spectre.Console", "System.CommandLine")]
    [InlineData(typeof(TrainingRun), "Tenon.Plots", "ScottPlot", "SkiaSharp")]
    [InlineData(typeof(TrainingRun), "Tenon.Cluster", "Orleans.Core")]
    [InlineData(typeof(Study), "Tenon.Cluster", "Orleans.Core")]
    [InlineData(typeof(ClusterClient), "Tenon.Plots", "Tenon.Dashboard", "Orleans.Dashboard", "Microsoft.AspNetCore", "tenon")]
    [InlineData(typeof(ResultTable), "Tenon.Plots", "ScottPlot", "SkiaSharp")]
    public void A_room_does_not_refer_to_those_above_it(Type type, params string[] others)
    {
        var known = type.Assembly.GetReferencedAssemblies().Select(a => a.Name).ToList();
        foreach (var other in others) known.ShouldNotContain(other, type.Assembly.GetName().Name!);
    }
}
