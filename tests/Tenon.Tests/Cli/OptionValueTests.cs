using Tenon.Cli;

namespace Tenon.Tests.Cli;

/// <summary>An option whose value was forgotten, beside an option that is none.</summary>
public class OptionValueTests
{
    [Theory]
    [InlineData("bench sample tiny --data --precision int8", "'--data' needs a value; the option '--precision' follows it")]
    [InlineData("train recipe.yaml --output --set steps=1", "'--output' needs a value; the option '--set' follows it")]
    [InlineData("bench sample tiny --data --precisoin int8", "unknown option '--precisoin'; did you mean '--precision'?")]
    [InlineData("samples runs/first --limit abc", "--limit: expected a whole number, got 'abc'")]
    [InlineData("samples runs/first --step 99999999999", "--step: expected a whole number, got '99999999999'")]
    [InlineData("study r.yaml --patience soon", "--patience: expected a number, got 'soon'")]
    [InlineData("bench sample tiny --frobnicate", "unknown option '--frobnicate'")]
    public void A_forgotten_value_is_told_from_an_unknown_option(string call, string fault) =>
        Application.FaultsOf(call.Split(' ')).ShouldContain(line => line.Contains(fault));
}
