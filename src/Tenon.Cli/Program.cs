namespace Tenon.Cli;

/// <summary>The entry point of the <c>tenon</c> program.</summary>
public static class Program
{
    /// <summary>Runs one verb; returns 0 done, 1 the work failed, 2 the call was wrong, 130 interrupted.</summary>
    public static int Main(string[] args) => 0;
}
