using Tenon.Checkpoints;
using Tenon.Evaluation.Reports;
using Tenon.Models;
using Tenon.Recipes;
using Tenon.Text.Tokenizers;

namespace Tenon.Tests.Text;

/// <summary>What the rooms of text and checkpoints do not know.</summary>
public class RoomTests
{
    [Theory]
    [InlineData(typeof(TokenizerJson), "Tenon.Tensors", "Tenon.Models", "Tenon.Adapters", "Tenon.Training")]
    [InlineData(typeof(SafetensorsFile), "Tenon.Tensors", "Tenon.Models", "Tenon.Text")]
    [InlineData(typeof(CausalModel), "Tenon.Text", "Tenon.Adapters", "Tenon.Training")]
    [InlineData(typeof(TrainingRun), "Tenon.Plots", "ScottPlot", "SkiaSharp")]
    [InlineData(typeof(ResultTable), "Tenon.Plots", "ScottPlot", "SkiaSharp")]
    public void A_room_does_not_refer_to_those_above_it(Type type, params string[] others)
    {
        var known = type.Assembly.GetReferencedAssemblies().Select(a => a.Name).ToList();
        foreach (var other in others) known.ShouldNotContain(other, type.Assembly.GetName().Name!);
    }
}
