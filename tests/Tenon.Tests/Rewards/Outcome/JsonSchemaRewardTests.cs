using System.Diagnostics;

namespace Tenon.Tests.Rewards.Outcome;

public class JsonSchemaRewardTests
{
    private const string Person =
        """{"schema":{"type":"object","required":["name","age"],"properties":{"name":{"type":"string","minLength":1},"age":{"type":"integer","minimum":0}},"additionalProperties":false}}""";

    [Theory]
    [InlineData("""{"name":"Ann","age":3}""", "schema-kept")]
    [InlineData(" {\"age\":3,\n\"name\":\"Ann\"} ", "schema-kept")]
    [InlineData("Here it is:\n```json\n{\"name\":\"Ann\",\"age\":3}\n```\nDone.", "schema-kept")]
    [InlineData("```\n{\"name\":\"Ann\",\"age\":3}\n```", "schema-kept")]
    [InlineData("```json\n{}\n```\nbetter:\n```json\n{\"name\":\"Ann\",\"age\":3}\n```", "schema-kept")]
    [InlineData("```json\n{\"name\":\"Ann\",\"age\":3}\n```\n```python\nprint()\n```", "schema-kept")]
    [InlineData("<think>{}</think>{\"name\":\"Ann\",\"age\":3}", "schema-kept")]
    [InlineData("""{"name":"Ann"}""", "schema-different")]
    [InlineData("""{"name":"Ann","age":"3"}""", "schema-different")]
    [InlineData("""{"name":"Ann","age":-1}""", "schema-different")]
    [InlineData("""{"name":"","age":1}""", "schema-different")]
    [InlineData("""{"name":"Ann","age":3,"x":1}""", "schema-different")]
    [InlineData("[]", "schema-different")]
    [InlineData("""{"name":"Ann","age":3,"age":4}""", "no-json")]
    [InlineData("""{"name":"Ann","age":3,}""", "no-json")]
    [InlineData("""{"name":"Ann","age":3} // yes""", "no-json")]
    [InlineData("""The answer is {"name":"Ann","age":3}""", "no-json")]
    [InlineData("{'name':'Ann','age':3}", "no-json")]
    [InlineData("", "no-json")]
    [InlineData("```json\n{\"name\":\"Ann\",\"age\":3}", "unclosed-block")]
    [InlineData("<think>{\"name\":\"Ann\",\"age\":3}", "unclosed-think")]
    public void Decides(string text, string reason)
    {
        var verdict = Rows.Reward("json-schema", Person).Judge("", text);
        verdict.Reason.ShouldBe(reason);
        verdict.Correct.ShouldBe(reason == "schema-kept");
    }

    [Theory]
    [InlineData("""{"b":2,"a":1.0}""", true)]
    [InlineData("""{"a":1,"b":3}""", false)]
    [InlineData("""{"a":1}""", false)]
    public void The_document_can_be_held_against_the_gold(string text, bool right) =>
        Rows.Reward("json-schema", """{"schema":{"type":"object"},"gold":true}""").Judge("""{"a":1,"b":2}""", text).Correct.ShouldBe(right);

    [Fact]
    public void A_line_may_bring_its_own_schema()
    {
        var reward = Rows.Reward("json-schema");
        reward.Judge("", "1", """{"schema":{"type":"integer"}}""").Correct.ShouldBe(true);
        reward.Judge("", "1", """{"schema":"{\"type\":\"string\"}"}""").Correct.ShouldBe(false);
        reward.Judge("", "1").Skipped.ShouldBe("no-schema");
        reward.Judge("", "1", """{"schema":{"type":"wrong"}}""").Skipped.ShouldBe("schema-broken");
        Rows.Reward("json-schema", """{"schema":true,"gold":true}""").Judge("x", "1").Skipped.ShouldBe("gold-no-json");
    }

    [Fact]
    public void No_document_can_hang_or_break_it()
    {
        var clock = Stopwatch.StartNew();
        foreach (var schema in
            (string[])["""{"pattern":"^(a+)+$"}""", """{"$schema":"http://json-schema.org/draft-07/schema#","pattern":"^(a+)+$"}""",
            """{"patternProperties":{"^(a+)+$":true}}"""])
        {
            var reward = Rows.Reward("json-schema", $$"""{"schema":{{schema}}}""");
            reward.Judge("", "\"" + new string('a', 5_000) + "!\"").Correct.ShouldNotBeNull();
            reward.Judge("", "{\"" + new string('a', 5_000) + "!\":1}").Correct.ShouldNotBeNull();
        }

        var strict =
            Rows.Reward("json-schema",
            """{"schema":{"multipleOf":0.5,"minimum":0,"maxLength":3,"uniqueItems":true,"items":{"$ref":"#"}}}""");
        foreach (var text in
            (string[])["1e400", "-1e-400", "1e999999999", "\"\\ud800\"", "\"\uD800\"", new string('[', 100_000),
            new string('[', 60) + new string(']', 60), "{\"\\ud800\":1}", "[\"\\ud800\",\"\\ud800\"]", new string('9', 100_000)])
            strict.Judge("", text).Correct.ShouldNotBeNull(text[..Math.Min(20, text.Length)]);
        clock.Elapsed.TotalSeconds.ShouldBeLessThan(20);
    }

    [Theory]
    [InlineData("""{"schema":{"type":"wrong"}}""", "schema: is no JSON schema")]
    [InlineData("""{"schema":{"tpye":"string"}}""", "schema: is no JSON schema")]
    [InlineData("""{"schema":{"$ref":"https://example.com/x"}}""", "Could not resolve")]
    [InlineData("""{"schema":{"pattern":"(?=a)b"}}""", "linear time")]
    [InlineData("""{"schema":3}""", "schema: is no JSON schema")]
    public void Bad_schemas_are_named(string settings, string message) => Rows.Faults("json-schema", settings).ShouldContain(message);
}
