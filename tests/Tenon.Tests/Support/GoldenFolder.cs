namespace Tenon.Tests.Support;

/// <summary>Finds the large reference folders that some tests read; a test without its folder reports itself skipped.</summary>
internal static class GoldenFolder
{
    /// <summary>The folder NAME under the one that TENON_GOLDEN names; skips the test where either is missing.</summary>
    public static string Require(string name)
    {
        var root = Environment.GetEnvironmentVariable("TENON_GOLDEN");
        Assert.SkipWhen(string.IsNullOrEmpty(root), "TENON_GOLDEN is not set");
        var folder = Path.Combine(root!, name);
        Assert.SkipUnless(Directory.Exists(folder), $"TENON_GOLDEN holds no folder '{name}'");
        return folder;
    }

    /// <summary>A sibling of the golden folder (tokenizers, data), or the folder that the variable names.</summary>
    public static string RequireSibling(string variable, string sibling)
    {
        var folder = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(folder) && Environment.GetEnvironmentVariable("TENON_GOLDEN") is { Length: > 0 } root)
            folder = Path.Combine(root, "..", sibling);
        Assert.SkipWhen(string.IsNullOrEmpty(folder), $"neither {variable} nor TENON_GOLDEN is set");
        Assert.SkipUnless(Directory.Exists(folder), $"there is no folder '{folder}'");
        return folder!;
    }

    /// <summary>The folder or file of large local models that TENON_MODELS names; skips the test without it.</summary>
    public static string RequireModels()
    {
        var folder = Environment.GetEnvironmentVariable("TENON_MODELS");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "TENON_MODELS is not set");
        Assert.SkipUnless(Directory.Exists(folder), $"TENON_MODELS names no folder: '{folder}'");
        return folder!;
    }
}
