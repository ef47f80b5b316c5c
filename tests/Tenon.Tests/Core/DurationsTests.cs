namespace Tenon.Tests.Core;

public class DurationsTests
{
    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(0.04, "40 ms")]
    [InlineData(0.095, "0.1 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(9.96, "10 s")]
    [InlineData(119, "119 s")]
    [InlineData(120, "2 min")]
    [InlineData(7200, "2.0 h")]
    public void A_time_is_told_in_the_unit_that_reads_best(double seconds, string text) => Durations.Text(seconds).ShouldBe(text);
}
