using System.Diagnostics;
using Tenon.Tests.Support;

namespace Tenon.Tests.Cli;

public sealed class VerifyCommandTests
{
    [Fact]
    public void One_verdict_is_explained()
    {
        var call = Call.Tenon("verify", @"\frac{1}{2}", @"So \boxed{0.5}.");
        call.Exit.ShouldBe(0);
        call.Lines.ShouldBe(
            ["correct", "  reason     numeric-equal", "  extracted  0.5   (boxed)", "  gold       1/2", "  answer     1/2",
            "  rules      tenon-9"]);
        Call.Tenon("verify", "5", "6").ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(0), c => c.Lines[0].ShouldBe("wrong"));
        Call.Tenon("verify", "5", "-5", "--json")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(0), c => c.Out.ShouldStartWith("{\"correct\":false"));
    }

    [Fact]
    public void Lines_are_answered_in_order_and_a_faulty_one_does_not_stop_the_others()
    {
        var input =
            string.Join("\n", """{"gold":"5","answer":"\\boxed{5}"}""", "nonsense", """{"gold":"","answer":"5"}""",
            """{"golds":["1","2"],"answer":"2","id":7}""",
            """{"gold":"3.14","answer":"\\pi","tolerance":0.01}""", """{"gold":3,"answer":"3","profile":"boxed"}""");
        var call = Call.With(input, "verify", "--input", "-");
        call.Exit.ShouldBe(0);
        call.Lines.Count.ShouldBe(6);
        call.Lines[0].ShouldBe("""{"correct":true,"reason":"same-text","rules":"tenon-9"}""");
        call.Lines[1].ShouldStartWith("""{"error":{"kind":"json",""");
        call.Lines[2].ShouldBe("""{"correct":null,"skipped":"empty-gold","reason":"empty-gold","rules":"tenon-9"}""");
        call.Lines[3].ShouldStartWith("""{"id":7,"correct":true""");
        call.Lines[4].ShouldStartWith("""{"correct":true""");
        call.Lines[5].ShouldBe("""{"correct":false,"reason":"no-box","rules":"boxed-9"}""");
        call.Lines.ShouldAllBe(line => line.All(char.IsAscii));
    }

    [Fact]
    public void Wrong_calls_say_what_is_wrong()
    {
        Call.Tenon("verify", "5").Exit.ShouldBe(2);
        Call.Tenon("verify", "5", "5", "--profile", "nosuch")
            .ShouldSatisfyAllConditions(c => c.Exit.ShouldBe(2), c => c.Error.ShouldContain("math-verify"));
        Call.Tenon("verify", "--input", "no-such-file.jsonl").Exit.ShouldBe(2);
        Call.Tenon("verify", "--serve", "nowhere").Exit.ShouldBe(2);
    }

    [Fact]
    public void The_first_wrong_step_of_a_solution_is_explained()
    {
        var call = Call.Tenon("verify", "--steps", "2 + 3 = 5.\nThen 12 * 13 = 146, so 146 + 4 = 150.");
        call.Exit.ShouldBe(0);
        call.Lines.ShouldBe(
            ["steps        3 found, 3 checked, 2 right, 1 wrong", "first wrong  line 2: 12 * 13 = 146", "  left       12 * 13   (= 156)",
            "  right      146", "  why        the sides have different values"]);
        Call.Tenon("verify", "--steps", "2 + 3 = 5").Lines[^1].ShouldBe("first wrong  none");
        Call.Tenon("verify", "--steps", "2x + 3 = 7\n2x = 5", "--json").Out.Trim().ShouldBe(
            """{"steps":2,"checked":1,"right":0,"wrong":1,"share":0,"right_before_error":0,"first_wrong":{"line":2,"state":"wrong","reason":"solution","text":"2x = 5","left":"2x \u002B 3 = 7","right":"2x = 5","left_value":"2","right_value":"5/2"},"rules":"steps-3"}""");
        Call.Tenon("verify", "150", "12 * 13 = 146, so \\boxed{150}", "--steps")
            .ShouldSatisfyAllConditions(c => c.Lines[0].ShouldBe("correct"),
            c => c.Lines.ShouldContain("first wrong  line 1: 12 * 13 = 146"));
        var lines = Call.With("{\"solution\":\"1 + 1 = 3\",\"id\":4}\nnonsense\n", "verify", "--steps", "--input", "-").Lines;
        lines[0].ShouldStartWith("{\"id\":4,\"steps\":1,\"checked\":1,\"right\":0");
        lines[1].ShouldStartWith("{\"error\"");
    }

    [Fact]
    public void The_audit_names_bad_golds()
    {
        var file = Path.GetTempFileName();
        File.WriteAllLines(file,
            ["""{"problem":"a","answer":"5"}""", """{"problem":"b","answer":""}""", """{"problem":"a","answer":"5.0"}""",
            """{"problem":"a","answer":"6"}""", """{"problem":"c","answer":"\\sum_{k} k"}""", """{"problem":"d","answer":"1 or 2"}"""]);
        var call = Call.Tenon("verify", "--audit", file);
        File.Delete(file);
        call.Exit.ShouldBe(0);
        call.Lines.Select(l => l.Split(':')[1].Trim()).ShouldBe(["empty", "duplicated", "contradicting", "unparsable", "ambiguous"]);
    }

    [Fact]
    public void The_audit_sets_another_judges_verdicts_beside_ours()
    {
        var file = Path.GetTempFileName();
        File.WriteAllLines(file,
        [
            """{"gold":"36","completion":"The answer is 36.","correct":true}""",
            """{"gold":"36","completion":"First, 6^2 = 36. Now this has to be doubled, so","correct":true}""",
            """{"gold":"60^\\circ","completion":"\\boxed{60 \\text{ radians}}","correct":1}""",
            """{"gold":"\\frac12","completion":"\\boxed{0.5}","correct":"incorrect"}""",
            """{"gold":"7","completion":"\\boxed{8}","correct":0}""",
            """{"gold":"7","completion":"\\boxed{8}"}""",
        ]);
        var text = Call.Tenon("verify", "--audit", file, "--verdict-column", "correct");
        var json = Call.Tenon("verify", "--audit", file, "--verdict-column", "correct", "--json");
        var missing = Call.Tenon("verify", "--audit", file, "--verdict-column", "nothing");
        File.Delete(file);
        text.Lines[0].ShouldStartWith("line 2: they accept, we reject (no-statement): gold 36");
        text.Lines[1].ShouldStartWith("line 3: they accept, we reject (radians)");
        text.Lines[2].ShouldStartWith("line 4: we accept, they reject (numeric-equal): gold \\frac12, read as 0.5");
        text.Lines.ShouldContain("5 answers compared: 1 right and 1 wrong for both; 1 lines left out");
        text.Lines.ShouldContain("  2 that 'correct' accepts and we reject: no-statement 1, radians 1");
        text.Lines.ShouldContain("    1 of them state no answer and only end in the gold");
        json.Lines[^1].ShouldContain("\"only_theirs\":2,\"only_ours\":1,\"unstated\":1");
        missing.Exit.ShouldBe(1);
    }

    [Fact]
    public void The_audit_knows_a_think_block_that_the_prompt_opened()
    {
        using var folder = new TempFolder();
        File.WriteAllLines(folder["a.jsonl"],
        [
            """{"gold":"7","prompt":"<|user|>3+4?<|assistant|><think>\n","completion":"The answer is 7. In","correct":true}""",
            """{"gold":"7","prompt":"<|user|>3+4?<|assistant|><think>\n","completion":"3+4</think>The answer is 7.","correct":true}""",
            """{"gold":"7","prompt":"<|user|>3+4?<|assistant|>","completion":"The answer is 7.","correct":true}""",
        ]);
        var text = Call.Tenon("verify", "--audit", folder["a.jsonl"], "--verdict-column", "correct");
        text.Lines[0].ShouldStartWith("line 1: they accept, we reject (unclosed-think)");
        text.Lines.ShouldContain("3 answers compared: 2 right and 0 wrong for both");
    }

    [Theory]
    [InlineData("The answer is 7. In", "wrong")]
    [InlineData("so 7.</think>The answer is 7.", "correct")]
    public void Thinking_says_that_the_prompt_opened_the_block(string answer, string verdict) =>
        Call.Tenon("verify", "7", answer, "--thinking").Lines[0].ShouldBe(verdict);

    [Fact, Trait("Speed", "slow")]
    public void The_python_file_speaks_with_the_program()
    {
        var folder = Folder("integrations/python");
        Assert.SkipWhen(folder is null, "the source tree is not here");
        var program = Path.Combine(AppContext.BaseDirectory, "tenon.dll");
        Assert.SkipUnless(File.Exists(program), "no program beside the tests");
        var start =
            new ProcessStartInfo("python3", ["-m", "unittest", "test_tenon_verify"])
            {
                WorkingDirectory = folder,
                RedirectStandardError = true, RedirectStandardOutput = true
            };
        start.Environment["TENON"] = $"dotnet {program}";
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        Process? python = null;
        try
        {
            python = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("python3 is not installed");
        }
        using (python)
        {
            var text = python!.StandardError.ReadToEnd();
            python.WaitForExit();
            python.ExitCode.ShouldBe(0, text);
        }
    }

    private static string? Folder(string name)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (Directory.Exists(Path.Combine(at.FullName, name))) return Path.Combine(at.FullName, name);
        return null;
    }
}
