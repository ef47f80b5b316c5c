using System.Diagnostics;
using System.Text.Json;
using Tenon.Rewards;
using Tenon.Rewards.Code;

namespace Tenon.Tests.Rewards.Code;

[Trait("Speed", "slow")]
public class CodeRewardTests
{
    private const string Doubles = """{"tests":[{"input":"2\n","output":"4\n"},{"input":"21","output":"42"},{"input":"0","output":"0"}]}""";
    private const string Asserts = """{"tests":["assert f(2) == 4","assert f(21) == 42"]}""";

    [Theory]
    [InlineData("print(int(input())*2)", "all-passed")]
    [InlineData("print(int(input())*2, end='  \\n\\n')", "all-passed")]
    [InlineData("print(int(input())+2)", "wrong-output")]
    [InlineData("print(4)", "wrong-output")]
    [InlineData("x = int(input())\nprint(x*2)\nprint('done')", "wrong-output")]
    [InlineData("print(int(input())*2)\nraise ValueError()", "error")]
    [InlineData("print(int(input())*2", "error")]
    [InlineData("import sys; sys.exit(125)", "error")]
    [InlineData("", "wrong-output")]
    public void Output_is_compared(string code, string reason) => Judge(code, Doubles).Reason.ShouldBe(reason);

    [Theory]
    [InlineData("def f(x): return x*2", "all-passed")]
    [InlineData("def f(x): return 4", "error")]
    [InlineData("g = 1", "error")]
    // Leaving early, before the assertions, is no pass, whatever the exit code.
    [InlineData("import sys\nsys.exit(0)", "no-end")]
    [InlineData("import os\nos._exit(0)", "no-end")]
    [InlineData("def f(x): exit(0)", "no-end")]
    public void Statements_are_run_to_their_end(string code, string reason) => Judge(code, Asserts).Reason.ShouldBe(reason);

    [Fact]
    public void Partial_credit_is_the_share_of_tests()
    {
        var verdict =
            Judge("print(4)", """{"tests":{"inputs":["2","21","2","2"],"outputs":["4","42","4","4"]}}""", """{"credit":"share"}""");
        (verdict.Score, verdict.Correct, verdict.Reason).ShouldBe((0.75, false, "wrong-output"));
        Judge("print(4)", """{"tests":{"inputs":["2","21"],"outputs":["4","42"]}}""", """{"max-tests":1}""").Correct.ShouldBe(true);
        Judge("print('a  b')", """{"tests":[{"input":"","output":"a\nb"}]}""", """{"output":"words"}""").Correct.ShouldBe(true);
    }

    [Theory]
    [InlineData("while True: pass", "timeout")]
    [InlineData("import time; time.sleep(100)", "timeout")]
    [InlineData("x = [bytearray(1 << 20) for i in range(3000)]", "memory-limit", "error")]
    [InlineData("x = b'x' * (3 << 30)", "memory-limit", "error")]
    [InlineData("while True: print('x' * 1000)", "output-limit")]
    // The pages that forks share count for each of them. Bounded on purpose: a test must not be able to stop the machine, even where the
    // limit that it tests is broken.
    [InlineData("import os,time\nfor i in range(300): os.fork() or time.sleep(60)", "process-limit", "memory-limit", "error")]
    [InlineData("import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()", "error", "memory-limit")]
    public void Every_limit_stops_its_abuser(string code, params string[] reasons)
    {
        var clock = Stopwatch.StartNew();
        var before = Process.GetProcesses().Length;
        // Where another limit is tried, the clock leaves a loaded machine the time to reach it.
        var timeout = reasons.Contains("timeout") ? 3 : 20;
        var verdict = Judge(code, """{"tests":[{"input":"","output":"4"}]}""", $"{{\"timeout\":{timeout},\"memory\":128}}");
        reasons.ShouldContain(verdict.Reason);
        verdict.Correct.ShouldBe(false);
        clock.Elapsed.TotalSeconds.ShouldBeLessThan(30);
        Process.GetProcesses().Length.ShouldBeLessThan(before + 50);
    }

    [Fact]
    public void A_child_that_leaves_its_session_dies_with_the_test()
    {
        var mark = $"tenon{Guid.NewGuid():N}";
        Judge($"import subprocess\nsubprocess.Popen(['sh','-c','sleep 1000; echo {mark}'], start_new_session=True)\nprint(4)",
            """{"tests":[{"input":"","output":"4"}]}""");
        Thread.Sleep(200);
        Directory.EnumerateDirectories("/proc").Select(d => Path.Combine(d, "cmdline")).Where(File.Exists).Select(TryRead)
            .ShouldAllBe(line => !line.Contains(mark));
    }

    [Theory]
    [InlineData("import socket\nsocket.create_connection(('127.0.0.1', PORT), timeout=2)\nprint(4)")]
    [InlineData("open('OUTSIDE/written', 'w').write('x')\nprint(4)")]
    [InlineData("open('/etc/tenon-was-here', 'w').write('x')\nprint(4)")]
    [InlineData("import os\nos.kill(PID, 0)\nprint(4)")]
    [InlineData("import subprocess\nsubprocess.run(['mount','-o','remount,rw','/'], check=True)\nprint(4)")]
    [InlineData("import os\nassert 'TENON_SECRET' in os.environ\nprint(4)")]
    [InlineData("open('big','wb').write(b'x' * (80 << 20))\nprint(4)")]
    [InlineData("for i in range(40): open(f'big{i}','wb').write(b'x' * (4 << 20))\nprint(4)")]
    [InlineData("assert open('HIDDEN/answers').read() == '4'\nprint(4)")]
    public void Nothing_outside_is_reached(string code)
    {
        using var folder = new Support.TempFolder();
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var hidden = Directory.CreateDirectory(Path.Combine(folder.Path, "hidden")).FullName;
        File.WriteAllText(Path.Combine(hidden, "answers"), "4");
        code = code.Replace("PORT", $"{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}").Replace("OUTSIDE", folder.Path)
            .Replace("HIDDEN", hidden).Replace("PID", $"{Environment.ProcessId}");
        Judge(code, """{"tests":[{"input":"","output":"4"}]}""",
            JsonSerializer.Serialize(new { hide = new[] { hidden } })).Correct.ShouldBe(false);
        File.Exists(Path.Combine(folder.Path, "written")).ShouldBeFalse();
        File.Exists("/etc/tenon-was-here").ShouldBeFalse();
    }

    [Fact]
    public void Its_own_folder_can_be_written_to_and_is_new_for_each_test() =>
        Judge("import os\nprint(len([f for f in os.listdir('.') if len(f) == 1]))\nopen('x','w').write('1')\nopen('/tmp/y','w').write('1')",
        """{"tests":[{"input":"","output":"0"},{"input":"","output":"0"}]}""").Reason.ShouldBe("all-passed");

    [Fact]
    public void Other_interpreters_and_csharp()
    {
        if (Programs.Find("node") is not null)
        {
            Judge("console.log(2 * Number(require('fs').readFileSync(0)))", Doubles, """{"interpreter":"node"}""",
                "js").Reason.ShouldBe("all-passed");
            Judge("process.exit(0)", """{"tests":["if (f(1) !== 2) throw 1"]}""", """{"interpreter":"node"}""",
                "javascript").Reason.ShouldBe("no-end");
            Judge("function f(x) { return 2 * x }", """{"tests":["if (f(1) !== 2) throw 1"]}""", """{"interpreter":"node"}""",
                "").Reason.ShouldBe("all-passed");
        }

        Judge("read x; echo $((2 * x))", Doubles, """{"interpreter":"sh"}""", "bash").Reason.ShouldBe("all-passed");
        Judge("using System.Linq;\nConsole.WriteLine(int.Parse(Console.ReadLine()!) * 2);", Doubles, """{"interpreter":"dotnet run"}""",
            "csharp").Reason.ShouldBe("all-passed");
        Judge("record R(int X);\nstatic class M { public static R F(int x) => new(2 * x); }",
            """{"tests":["if (M.F(2).X != 4) throw new Exception();"]}""", """{"interpreter":"dotnet run"}""",
            "cs").Reason.ShouldBe("all-passed");
        Judge("Console.WriteLine(", Doubles, """{"interpreter":"dotnet run","credit":"share"}""", "cs").Reason.ShouldBe("build-failed");
    }

    [Theory]
    [InlineData("print(4)", "no-code")]
    [InlineData("```python\nprint(4)\n", "unclosed-code")]
    [InlineData("<think>```python\nprint(4)\n```", "unclosed-think")]
    [InlineData("<think>```python\nprint(4)\n```</think>", "no-code")]
    [InlineData("```python\nprint(3)\n```\nbetter\n```python\nprint(4)\n```\nIt prints\n```text\n4\n```\n", "all-passed")]
    [InlineData("~~~~\nprint('''\n```\n'''.strip()[:0] + '4')\n~~~~", "all-passed")]
    [InlineData("```text\nprint(4)\n```", "no-code")]
    [InlineData("```python\nprint(4)\n```\n```python\nprint(5)\n```", "wrong-output")]
    public void The_last_block_of_the_language_is_the_code(string text, string reason)
    {
        Needed();
        Rows.Reward("code").Judge("""[{"input":"","output":"4"}]""", text).Reason.ShouldBe(reason);
    }

    [Fact]
    public void Lines_without_tests_are_skips()
    {
        Needed();
        var reward = Rows.Reward("code");
        reward.Judge("", "x").Skipped.ShouldBe("no-tests");
        reward.Judge("", "x", """{"tests":[]}""").Skipped.ShouldBe("no-tests");
        reward.Judge("", "x", """{"tests":[{"input":"1"}]}""").Skipped.ShouldBe("no-tests");
        reward.Judge("", "x", """{"tests":{"inputs":["1"],"outputs":[]}}""").Skipped.ShouldBe("no-tests");
        reward.Judge("", "```\nx\n```", """{"tests":"[{\"input\":\"\",\"output\":\"\"}]"}""").Reason.ShouldBe("error");
    }

    [Theory]
    [InlineData("""{"interpreter":"no-such-program"}""", "interpreter: 'no-such-program' is not on the PATH")]
    [InlineData("""{"timeout":0}""", "timeout: 0 is out of range; expected above 0, at most 86400")]
    [InlineData("""{"memory":1}""", "memory: 1 is out of range; expected 16")]
    [InlineData("""{"processes":0}""", "processes: 0 is out of range; expected 1")]
    [InlineData("""{"disk":0}""", "disk: 0 is out of range; expected 1")]
    [InlineData("""{"max-output":0}""", "max-output: 0 is out of range; expected 1")]
    [InlineData("""{"hide":["/no/such/folder"]}""", "hide: '/no/such/folder' is no folder")]
    [InlineData("""{"hide":["/tmp"],"isolation":"none"}""", "hide: needs isolation")]
    [InlineData("""{"isolation":"yes"}""", "expected required, none")]
    public void Bad_settings_are_named(string settings, string message) => Rows.Faults("code", settings).ShouldContain(message);

    [Fact]
    public void What_isolation_needs_and_does_not_find_is_named()
    {
        Sandbox.Probe(false, Programs.Find, ProcessGroup.Create).ShouldBe("it needs Linux");
        foreach (var program in (string[])["unshare", "mount", "setpriv", "prlimit"])
            Sandbox.Probe(true, p => p == program ? null : "/bin/" + p, ProcessGroup.Create).ShouldBe($"'{program}' is not on the PATH");
        Sandbox.Probe(true, p => "/bin/" + p, _ => null)!.ShouldContain("run as an ordinary user");
    }

    /// <summary>
    /// Never silently without: the recipe is refused, with the reason, before the run begins, and starts where it says so itself.
    /// </summary>
    [Theory]
    [InlineData(null, "'unshare' is not on the PATH")]
    [InlineData("#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n", "Operation not permitted")]
    [InlineData("#!/bin/sh\nwhile [ \"$1\" != sh ]; do shift; done\nexec \"$@\"\n", "sandbox: ")]
    public void Without_namespaces_the_recipe_is_refused_unless_it_says_none(string? unshare, string reason)
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("needs Linux");
        // The third stand-in would run the mounts of the sandbox on this machine itself: an ordinary user has no right to them.
        if (unshare?.Contains("exec") == true && Environment.IsPrivilegedProcess) Assert.Skip("needs an ordinary user");
        Needed();
        using var folder = new Support.TempFolder();
        var bin = Directory.CreateDirectory(Path.Combine(folder.Path, "bin")).FullName;
        foreach (var program in (string[])["sh", "mount", "setpriv", "prlimit", "python3", "dotnet", "cat", "mkdir"])
            if (Programs.Find(program) is { } found) File.CreateSymbolicLink(Path.Combine(bin, program), found);
        if (unshare is not null)
        {
            File.WriteAllText(Path.Combine(bin, "unshare"), unshare);
            File.SetUnixFileMode(Path.Combine(bin, "unshare"), (UnixFileMode)0b111_101_101);
        }
        (int Exit, string Output, string Error) Try(string options)
        {
            var recipe = Path.Combine(folder.Path, "recipe.yaml");
            File.WriteAllText(recipe,
                $"data: {{ task: {{ name: arithmetic, level: 2 }}, prompt: plain }}\nreward: [ {{ name: code{options} }} ]\nrollout: {{ "
                + $"prompts: 2, group: 2, max-new-tokens: 64 }}\n");
            return Support.TenonProcess.Run(["train", recipe, "--dry-run"], ("PATH", bin));
        }
        var refused = Try("");
        refused.Exit.ShouldBe(2, refused.Output + refused.Error);
        (refused.Output + refused.Error).ShouldContain("code cannot be isolated on this machine");
        (refused.Output + refused.Error).ShouldContain(reason);
        var accepted = Try(", isolation: none");
        (accepted.Output + accepted.Error).ShouldNotContain("cannot be isolated");
    }

    [Fact]
    public void Without_isolation_limits_hold_still()
    {
        if (!OperatingSystem.IsLinux() || Programs.Find("python3") is null) Assert.Skip("needs python3");
        const string none = """{"isolation":"none","timeout":3,"memory":128}""";
        var tests = """{"tests":[{"input":"","output":"4"}]}""";
        Judge("print(4)", tests, none).Reason.ShouldBe("all-passed");
        Judge("while True: pass", tests, none).Reason.ShouldBe("timeout");
        Judge("while True: print('x' * 1000)", tests, none).Reason.ShouldBe("output-limit");
        new[] { "memory-limit", "error" }.ShouldContain(Judge("x = [bytearray(1 << 20) for i in range(3000)]", tests, none).Reason);
    }

    // What judges many completions at once blocks the pool's threads; a program's input must reach it all the same.
    [Fact]
    public async Task A_busy_thread_pool_does_not_keep_a_program_waiting_for_its_input()
    {
        Needed();
        const string one = """{"tests":[{"input":"2\n","output":"4\n"}]}""";
        using var free = new ManualResetEventSlim();
        var busy = Enumerable.Range(0, 4 * Environment.ProcessorCount).Select(_ => Task.Run(() => free.Wait(4000))).ToArray();
        var reason = Judge("print(int(input())*2)", one, """{"timeout":3}""").Reason;
        free.Set();
        await Task.WhenAll(busy);
        reason.ShouldBe("all-passed");
    }

    private static string TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static void Needed()
    {
        if (Programs.Find("python3") is null) Assert.Skip("needs python3");
        if (Sandbox.Unavailable is { } reason) Assert.Skip($"code cannot be isolated here: {reason}");
    }

    private static Verdict Judge(string code, string tests, string settings = "{}", string tag = "python")
    {
        if (!settings.Contains("none")) Needed();
        return Rows.Reward("code", settings).Judge("", $"Here:\n```{tag}\n{code}\n```\n", tests);
    }
}
