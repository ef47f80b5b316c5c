using Tenon.Adapters.Peft;

namespace Tenon.Tests.Adapters.Peft;

public class PythonRegexTests
{
    [Theory]
    [InlineData(@".*\.layers\.1\..*(q_proj|up_proj)", "model.layers.1.mlp.up_proj", true)]
    [InlineData(@"q_proj", "a.q_proj", false)]
    [InlineData(@"(?P<x>a)\.(?P=x)", "a.a", true)]
    [InlineData(@"(b)(?P<x>a)\1(?P=x)", "baba", true)]
    [InlineData(@"(?i)MODEL\.\w+", "model.norm", true)]
    [InlineData(@"(?i:MODEL)\.Norm", "model.norm", false)]
    [InlineData(@"a{,2}", "aa", true)]
    [InlineData(@"a{x}", "a{x}", true)]
    [InlineData(@"[]a]+", "]a", true)]
    [InlineData(@"[a-c-[b]+", "a-[c", true)]
    [InlineData(@"[^\d.]+\Z", "abc", true)]
    [InlineData(@"\x61\u0062\143", "abc", true)]
    [InlineData(@"(?<=l)ayer", "ayer", false)]
    [InlineData(@"l(?<=l)ayer(?!s)", "layer", true)]
    [InlineData(@"a b#c", "a b#c", true)]
    [InlineData(@"(a)?(?(1)b|c)", "ab", true)]
    [InlineData(@"(?#note)a", "a", true)]
    [InlineData(@"a(?#note){2}", "aa", true)]
    public void A_pattern_means_what_it_means_in_Python(string pattern, string text, bool matches) =>
    new PythonRegex(pattern).FullMatch(text).ShouldBe(matches);

    [Theory]
    [InlineData("(q_proj", "unterminated")]
    [InlineData("q_proj)", "unbalanced")]
    [InlineData("*a", "nothing to repeat")]
    [InlineData("^*", "nothing to repeat")]
    [InlineData("a**", "multiple repeat")]
    [InlineData("a*+", "possessive")]
    [InlineData(@"\p{L}", "bad escape")]
    [InlineData(@"\z", "bad escape")]
    [InlineData("(?<x>a)", "unknown extension")]
    [InlineData("a(?i)b", "global flags")]
    [InlineData("(?x) a", "verbose")]
    [InlineData("(?<=a+)b", "look-behind")]
    [InlineData("[a", "unterminated")]
    [InlineData(@"(a)\2", "invalid group reference")]
    public void What_Python_refuses_or_NET_reads_differently_is_an_error(string pattern, string message) =>
        Should.Throw<TenonException>(() => new PythonRegex(pattern, "target_modules")).Message.ShouldContain(message);
}
