using Tenon.Rollouts;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli.Commands;

/// <summary>Weights that are finite and logits that are not: null and a note, or an error, never a crash and never silence.</summary>
public sealed class FiniteSampleTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Score_and_generate_tell_that_there_was_nothing_to_draw_from()
    {
        var adapter = Enormous();
        var score = Call.With("{\"prompt\":\"12+345=?\",\"completion\":\"357\"}\n", "score", "tiny", "--adapter", adapter, "--input", "-");
        score.Exit.ShouldBe(0, score.Error);
        score.Out.ShouldContain("\"sum\":null");
        score.Error.ShouldContain("no finite numbers");

        var lines =
            Call.With("{\"prompt\":\"12+345=?\"}\n", "generate", "tiny", "--adapter", adapter, "--input", "-", "--max-new-tokens", "4");
        lines.Exit.ShouldBe(1, lines.Out);
        lines.Lines.ShouldHaveSingleItem().ShouldContain("null");
        lines.Error.ShouldContain("prompt 1: token 1 of the answer");

        foreach (var options in (string[][])[[], ["--temperature", "0"], ["--top-k", "5"], ["--top-p", "0.5"], ["--min-p", "0.1"]])
            Call.Tenon(["generate", "tiny", "12+345=?", "--adapter", adapter, "--max-new-tokens", "4", .. options])
                .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(1, string.Join(' ', options)),
                c => c.Error.ShouldContain("finite logits"));
        Call.With("12+345=?\n", "chat", "tiny", "--adapter", adapter, "--max-new-tokens", "4")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(1), c => c.Error.ShouldContain("finite logits"));
    }

    private string Enormous()
    {
        var model = LanguageModel.OpenWeights("tiny", Tenon.Tensors.Precision.F32, 1).Model;
        using var set = Tenon.Adapters.AdapterMethod.Of("lora").Create(model, new Tenon.Adapters.AdapterSettings { Rank = 2 });
        foreach (var tensor in set.Tensors)
            tensor.Tensor.Set(Enumerable.Repeat(1e30f, (int)tensor.Tensor.Dimensions.Aggregate(1L, (a, b) => a * b)).ToArray());
        Directory.CreateDirectory(_folder["adapter"]);
        Tenon.Adapters.PeftFolder.Save(set, _folder["adapter"], "tiny");
        return _folder["adapter"];
    }
}
