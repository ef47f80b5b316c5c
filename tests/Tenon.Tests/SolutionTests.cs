namespace Tenon.Tests;

public class SolutionTests
{
    [Fact]
    public void Builds() => true.ShouldBeTrue();
}
