using System.Diagnostics;

namespace Tenon.Tests.Core;

public class ShellWordTests
{
    [Theory]
    [InlineData("runs/first", "runs/first")]
    [InlineData("my runs é", "'my runs é'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("$HOME/`x`", "'$HOME/`x`'")]
    [InlineData("", "''")]
    [InlineData("-rf", "./-rf")]
    [InlineData("~/x", "'~/x'")]
    [InlineData("a\nb", "'a\nb'")]
    public void A_path_is_quoted_where_a_shell_would_take_it_apart(string path, string quoted) => ShellWord.Path(path).ShouldBe(quoted);

    [Fact]
    public void A_shell_reads_back_what_was_quoted()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a POSIX shell");
        foreach (var word in (string[])["a b", "it's \"so\"", "$(rm x) `y` \\ !", "*?[a]{b,c}", "é\tü", "a;b|c&d<e>f#g"])
        {
            var start = new ProcessStartInfo("sh", ["-c", $"printf %s {ShellWord.Quote(word)}"]) { RedirectStandardOutput = true };
            using var shell = Process.Start(start)!;
            shell.StandardOutput.ReadToEnd().ShouldBe(word);
        }
    }
}
