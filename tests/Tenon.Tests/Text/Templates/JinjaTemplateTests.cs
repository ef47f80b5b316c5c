using Tenon.Text.Templates;

namespace Tenon.Tests.Text.Templates;

[Trait("Speed", "slow")]
public class JinjaTemplateTests
{
    private static readonly Dictionary<string, object?> Variables = new()
    {
        ["xs"] = new object?[] { 3, 1, 2 },
        ["s"] = "h\u00e9l\U0001F600o",
        ["d"] = new Dictionary<string, object?> { ["b"] = 1, ["a"] = null, ["items"] = "mine" },
        ["ms"] = new object?[] { new Dictionary<string, object?> { ["role"] = "user", ["content"] = "q" }, new Dictionary<string,
        object?> { ["role"] = "assistant", ["content"] = "r" } },
    };

    private static string Render(string template) => JinjaTemplate.Parse(template).Render(Variables, new DateTime(2025, 3, 14, 15, 9, 26));

    private static string Kind(string template) => Should.Throw<TemplateException>(() => Render(template)).Kind;

    [Theory]
    [InlineData("a\n{% if true %}\nb\n{% endif %}\nc\n", "a\nb\nc")]
    [InlineData("  {% if true %}x{% endif %} \n", "x ")]
    [InlineData("a  {%- if true -%}  b  {%- endif +%}\n c", "ab\n c")]
    [InlineData("{{ 1 }}\n{{ 2 }}\n", "1\n2")]
    [InlineData("{% raw %}{{ x }}{% endraw %}\n!", "{{ x }}!")]
    [InlineData("x {#- c -#} y", "xy")]
    public void White_space_control_follows_Jinja(string template, string expected) => Render(template).ShouldBe(expected);

    [Theory]
    [InlineData("{{ s|length }}{{ s[3] }}{{ s[::-1] }}", "5\U0001F600o\U0001F600l\u00e9h")]
    [InlineData("{{ 2**100 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 1e16 }} {{ 2 ** -1 }} {{ 0.1 + 0.2 }}",
    "1267650600228229401496703205376 -4 2 3.5 1e+16 0.5 0.30000000000000004")]
    [InlineData("{{ [1, 'a', none, (1,), {'k': 1.0}] }}", "[1, 'a', None, (1,), {'k': 1.0}]")]
    [InlineData("{{ d['items'] }} {{ d.items() }}", "mine dict_items([('b', 1), ('a', None), ('items', 'mine')])")]
    [InlineData("{{ 2 * 'ab'|length }} {{ -1|abs }} {{ -2 ** 2 }} {{ 1 ~ 'a' ~ none }}", "4 1 4 1aNone")]
    [InlineData("{{ '%5.1f|%-4d|%s' % (2.25, 7, 'x') }} {{ '{:>6} {0!r}'.replace('{:>6} ', '').format('y') }} {{ "
    + "'{:08.3f}'.format(3.14159) }}", "  2.2|7   |x 'y' 0003.142")]
    [InlineData("{{ 2.5|round }} {{ 3.5|round }} {{ 0.125|round(2) }} {{ 25|round(-1) }}", "2.0 4.0 0.12 20")]
    [InlineData("{{ d|tojson }} {{ {'a': [1, 2]}|tojson(indent=1) }}",
    "{\"b\": 1, \"a\": null, \"items\": \"mine\"} {\n \"a\": [\n  1,\n  2\n ]\n}")]
    public void Values_behave_and_print_as_in_Python(string template, string expected) => Render(template).ShouldBe(expected);

    [Theory]
    [InlineData("{% for x in xs %}{% if loop.last %}{% break %}{% endif %}{{ loop.index }}/{{ loop.length }}{{ x }} {% endfor %}",
    "1/33 2/31 ")]
    [InlineData("{% for x in xs if x > 1 %}{{ loop.previtem|default('-') }}{{ x }}{{ loop.nextitem|default('-') }};{% endfor %}",
    "-32;32-;")]
    [InlineData("{% set ns = namespace(n=0) %}{% for x in xs %}{% set ns.n = ns.n + x %}{% set n = 1 %}{% endfor %}{{ ns.n }}{{ n is "
    + "defined }}", "6False")]
    [InlineData("{% macro m(a, b='B') %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{{ caller() if caller else '' }}{% endmacro %}{{ m(1, 2, "
    + "3, z=4) }}{% call m(0) %}c{% endcall %}", "12(3,){'z': 4}0B(){}c")]
    [InlineData("{% set t | upper %}a{{ 1 }}{% endset %}{{ t }}{% filter trim %} b {% endfilter %}{% with q = 5 %}{{ q }}{% endwith "
    + "%}{{ q }}", "A1b5")]
    [InlineData("{{ ms|selectattr('role', 'equalto', 'user')|map(attribute='content')|join }}{{ xs|sort|join }}{{ xs|batch(2)|list }}{{ "
    + "ms|groupby('role')|length }}", "q123[[3, 1], [2]]2")]
    [InlineData("{{ xs|map('string')|list }}{{ ['b', 'A']|sort }}{{ xs|reject('odd')|first }}{{ xs|sum }}{{ xs|max }}",
    "['3', '1', '2']['A', 'b']263")]
    [InlineData("{{ strftime_now('%d %b %Y %-d %j') }}", "14 Mar 2025 14 073")]
    public void Statements_and_filters_render(string template, string expected) => Render(template).ShouldBe(expected);

    [Theory]
    [InlineData("{% if %}", "TemplateSyntaxError")]
    [InlineData("{{ 1|nosuch }}", "TemplateAssertionError")]
    [InlineData("{{ nothing.x }}", "UndefinedError")]
    [InlineData("{{ xs.append(1) }}", "SecurityError")]
    [InlineData("{{ ''.__class__.__mro__ }}", "SecurityError")]
    [InlineData("{{ raise_exception('no') }}", "TemplateError")]
    [InlineData("{{ 'a' + 1 }}", "TypeError")]
    [InlineData("{{ 1 / 0 }}", "ZeroDivisionError")]
    [InlineData("{{ range(1000000) }}", "OverflowError")]
    [InlineData("{% include 'x' %}", "TypeError")]
    [InlineData("{{ 'x'|urlize }}", "TemplateRuntimeError")]
    public void Errors_have_the_names_that_Jinja_gives_them(string template, string kind) => Kind(template).ShouldBe(kind);

    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}",
    "TemplateRuntimeError")]
    [InlineData("{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "MemoryError")]
    [InlineData("{{ 'a' * 10**12 }}", "MemoryError")]
    [InlineData("{{ 'a'|center(2000000000) }}", "MemoryError")]
    [InlineData("{{ 9 ** (9 ** 9) }}", "MemoryError")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "RecursionError")]
    [InlineData("{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns }}", "RecursionError")]
    public void No_template_can_hang_or_use_up_memory_or_stack(string template, string kind) => Kind(template).ShouldBe(kind);

    [Fact]
    public void Deep_nesting_is_an_error_not_a_crash()
    {
        var deep = new string('(', 200_000) + "1" + new string(')', 200_000);
        Kind("{{ " + deep + " }}").ShouldBe("RecursionError");
        Kind("{{ " + string.Join('+', Enumerable.Repeat("1", 300_000)) + " }}").ShouldBe("RecursionError");
    }
}
