using Tenon.Adapters;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters.Methods;

/// <summary>Options that do not fit a model are refused when the adapter is made, with what would fit.</summary>
public class WrongOptionsTests
{
    [Theory]
    [InlineData("miss", 40, "", "at most its 32 inputs")]
    [InlineData("miss", 5, "variant=bat", "[r, r] blocks")]
    [InlineData("miss", 4, "variant=mini;mini-r=5", "divides its")]
    [InlineData("miss", 4, "variant=nope", "default, mini, bat")]
    [InlineData("vera", 0, "", "positive integer")]
    [InlineData("ia3", 4, "feedforward=lm_head", "names among the targets")]
    [InlineData("hra", 3, "", "even number")]
    [InlineData("hra", 4, "apply-gs=true", "init: random")]
    [InlineData("road", 4, "group-size=7", "even number")]
    [InlineData("road", 4, "group-size=1", "adapter.group-size: 1 is out of range")]
    [InlineData("road", 4, "group-size=10", "divides the")]
    [InlineData("delora", 4, "module-dropout=0.5", "never dropped")]
    [InlineData("delora", 4, "lambda-pattern=[1", "no mapping of names to values")]
    [InlineData("gralora", 8, "k=3", "divides the rank 8")]
    [InlineData("gralora", 5, "k=5", "outputs and")]
    [InlineData("oft", 4, "block-size=7", "divides the")]
    [InlineData("pissa", 40, "", "at most")]
    [InlineData("olora", 40, "", "at most")]
    public void Are_refused_with_what_would_fit(string method, int rank, string options, string expected)
    {
        var settings =
            new AdapterSettings
            {
                Method = method, Rank = rank,
                Options = AdapterSettings.Texts(options.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(o => o.Split('='))
            .ToDictionary(o => o[0], o => o[1]))
            };
        var error = Should.Throw<TenonException>(() => AdapterMethod.Of(method).Create(RandomModel.Create(), settings));
        error.Message.ShouldContain(expected);
    }

    [Theory]
    [InlineData("miss")]
    [InlineData("vera")]
    [InlineData("hra")]
    [InlineData("gralora")]
    public void Patterns_of_ranks_are_refused_where_all_layers_have_one_rank(string method)
    {
        var settings = new AdapterSettings { Method = method, Rank = 4, RankPattern = new Dictionary<string, int> { ["q_proj"] = 8 } };
        Should.Throw<TenonException>(() => AdapterMethod.Of(method)
            .Create(RandomModel.Create(), settings)).Message.ShouldContain("rank-pattern");
    }

    /// <summary>A recipe that names what the model does not have trains something else than its author thinks.</summary>
    [Fact]
    public void Names_that_hit_nothing_are_refused()
    {
        Refused(new AdapterSettings { Targets = "q_proj,w1" }, "w1");
        Refused(new AdapterSettings { Exclude = ["w1"] }, "w1");
        Refused(new AdapterSettings { RankPattern = new Dictionary<string, int> { ["w1"] = 2 } }, "w1");
        Refused(new AdapterSettings { AlphaPattern = new Dictionary<string, double> { ["w1"] = 2 } }, "w1");
        Refused(new AdapterSettings { ModulesToSave = ["w1"] }, "w1");
        Refused(new AdapterSettings { TrainableTokens = [-1] }, "-1");
        Refused(new AdapterSettings { TrainableTokens = [5, 5] }, "5 twice");
    }

    private static void Refused(AdapterSettings settings, string part) =>
        Should.Throw<TenonException>(() => AdapterMethod.Of("lora").Create(RandomModel.Create(), settings)).Message.ShouldContain(part);

    [Fact]
    public void Keys_without_effect_are_said()
    {
        var settings = new AdapterSettings { Method = "ia3", Rank = 16, Alpha = 8, Dropout = 0.1 };
        AdapterMethod.Of("ia3").Unused(settings).Select(s => s.Split(':')[0])
            .ShouldBe(["method 'ia3' has no rank", "method 'ia3' has no alpha", "method 'ia3' has no dropout"]);
        AdapterMethod.Of("ia3").Unused(new AdapterSettings { Method = "ia3" }).ShouldBeEmpty();
        AdapterMethod.Of("lora").Unused(settings).ShouldBeEmpty();
    }
}
