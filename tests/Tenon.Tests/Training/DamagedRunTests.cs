using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Training;

/// <summary>Run folders that were damaged, copied, moved or renamed: a run goes on from what is whole, or says which file is not.</summary>
public sealed class DamagedRunTests : IDisposable
{
    private const string Recipe = """
        model: tiny
        adapter: { method: lora, rank: 2, alpha: 4, targets: [q_proj] }
        data: { task: { name: arithmetic, level: 2 }, prompt: plain }
        rollout: { prompts: 2, group: 2, max-new-tokens: 8 }
        optimizer: { learning-rate: 1.0e-3, schedule: linear }
        update: { epochs: 2, minibatches: 2 }
        evaluate: { benchmarks: [held-out@1], problems: 2 }
        steps: 3
        checkpoint: { every: 1, keep: 3 }
        """;

    private readonly TinyRuns _runs = new();

    public void Dispose() => _runs.Dispose();

    [Fact]
    [Trait("Speed", "slow")]
    public void Any_damage_of_any_file_is_named_and_the_run_goes_on_or_says_from_where_it_could()
    {
        var whole = Train("whole");
        var expected = TinyRuns.Contents(whole);
        string[] files =
            ["run.json", "metrics.jsonl", "samples/000002.jsonl", "eval/held-out_1.000003.json",
            .. Directory.GetFiles(Path.Combine(whole, "checkpoints", "3")).Select(f => $"checkpoints/3/{Path.GetFileName(f)}")];
        foreach (var file in files.Where(file => File.Exists(Path.Combine(whole, file))))
            foreach (var damage in new[] { "empty", "half", "other bytes", "missing" })
            {
                var run = Copy(whole, "damaged");
                Damage(Path.Combine(run, file), damage);
                var call = Call.Tenon("train", "--resume", run, "--threads", "2");
                var what = $"{file}, {damage}: {call.Error}";
                call.Error.ShouldNotContain("   at Tenon.", customMessage: what);
                if (file == "run.json")
                {
                    call.Exit.ShouldBe(damage == "missing" ? 2 : 1, what);
                    call.Error.ShouldContain("run.json", customMessage: what);
                    if (damage != "missing") call.Error.ShouldContain("checkpoint of step 3 is whole", customMessage: what);
                }
                else
                {
                    call.Exit.ShouldBe(0, what);
                    // A seal that is gone leaves a checkpoint of an earlier version, which is read as one.
                    if (file.StartsWith("checkpoints", StringComparison.Ordinal)
                        && !(file.EndsWith("checkpoint.json", StringComparison.Ordinal) && damage == "missing"))
                    {
                        call.Error.ShouldContain(Path.GetFileName(file), customMessage: what);
                        call.Error.ShouldContain("going on from the checkpoint of step 2", customMessage: what);
                        TinyRuns.ShouldBeTheSame(run, expected, what);
                    }
                    else if (!file.StartsWith("eval", StringComparison.Ordinal) && damage != "other bytes"
                        && !file.EndsWith("checkpoint.json", StringComparison.Ordinal))
                        call.Error.ShouldContain(Path.GetFileName(file), customMessage: what);
                }

                Directory.Delete(run, recursive: true);
            }
    }

    [Fact]
    public void Where_no_checkpoint_is_whole_nothing_is_cut_off_and_each_fault_is_named()
    {
        var run = Train("run");
        foreach (var step in new[] { 1, 2, 3 }) File.WriteAllText(Path.Combine(run, "checkpoints", $"{step}", "trainer.json"), "");
        var metrics = File.ReadAllText(Path.Combine(run, "metrics.jsonl"));
        var call = Call.Tenon("train", "--resume", run);
        call.Exit.ShouldBe(1);
        call.Error.ShouldContain("no checkpoint");
        foreach (var step in new[] { 1, 2, 3 }) call.Error.ShouldContain(Path.Combine("checkpoints", $"{step}"));
        File.ReadAllText(Path.Combine(run, "metrics.jsonl")).ShouldBe(metrics);
    }

    [Fact]
    public void Folders_beside_the_checkpoints_are_passed_over_by_name_and_stay()
    {
        var run = Train("run");
        var checkpoints = Path.Combine(run, "checkpoints");
        Directory.Move(Path.Combine(checkpoints, "3"), Path.Combine(checkpoints, "3.bak"));
        Directory.CreateDirectory(Path.Combine(checkpoints, "999"));
        CopyFolder(Path.Combine(checkpoints, "2"), Path.Combine(checkpoints, "888"));
        var call = Call.Tenon("train", "--resume", run);
        call.Exit.ShouldBe(0, call.Error);
        foreach (var name in new[] { "3.bak", "999", "888" }) call.Error.ShouldContain($"{Path.Combine(checkpoints, name)} is no ");
        call.Error.ShouldContain("step 3/3");
        Directory.GetDirectories(checkpoints).Select(Path.GetFileName).Order().ShouldBe(["1", "2", "3", "3.bak", "888", "999"]);
        File.ReadAllLines(Path.Combine(run, "metrics.jsonl")).Length.ShouldBe(3);
    }

    [Fact]
    public void A_finished_run_is_made_longer_with_its_optimizer_and_other_keys_are_refused()
    {
        var run = Train("run", "optimizer.schedule=constant");
        var longer = Call.Tenon("train", "--resume", run, "--set", "steps=5");
        longer.Exit.ShouldBe(0, longer.Error);
        var direct = Train("direct", "optimizer.schedule=constant", "steps=5");
        TinyRuns.Sha256(Path.Combine(run, "checkpoints", "5", "adapter_model.safetensors"))
            .ShouldBe(TinyRuns.Sha256(Path.Combine(direct, "checkpoints", "5", "adapter_model.safetensors")));
        TinyRuns.Sha256(Path.Combine(run, "checkpoints", "5", "optimizer.safetensors"))
            .ShouldBe(TinyRuns.Sha256(Path.Combine(direct, "checkpoints", "5", "optimizer.safetensors")));
        File.ReadAllText(Path.Combine(run, "run.json")).ShouldContain("\"changes\"");

        Call.Tenon("train", "--resume", run, "--set", "checkpoint.keep=1", "--set", "steps=6").Exit.ShouldBe(0);
        // The newest, and the one of the best held-out accuracy.
        Directory.GetDirectories(Path.Combine(run, "checkpoints")).Select(Path.GetFileName).ShouldContain("6");
        Directory.GetDirectories(Path.Combine(run, "checkpoints")).Length.ShouldBeLessThanOrEqualTo(2);
        foreach (var key in new[] { "rollout.group=4", "optimizer.learning-rate=1", "seed=3" })
        {
            var call = Call.Tenon("train", "--resume", run, "--set", key);
            call.Exit.ShouldBe(2);
            call.Error.ShouldContain(key[..key.IndexOf('=')]);
        }
        var shorter = Call.Tenon("train", "--resume", run, "--set", "steps=2");
        shorter.Exit.ShouldBe(2);
        shorter.Error.ShouldContain("longer, not shorter");
    }

    [Fact]
    [Trait("Speed", "slow")]
    public void A_run_goes_on_from_any_folder_after_moves_and_without_the_adapter_it_began_from()
    {
        var project = Directory.CreateDirectory(Path.Combine(_runs.Folder, "project")).FullName;
        var other = Directory.CreateDirectory(Path.Combine(_runs.Folder, "other")).FullName;
        Directory.CreateDirectory(Path.Combine(project, "data"));
        File.WriteAllLines(Path.Combine(project, "data", "train.jsonl"),
            Enumerable.Range(10, 8).Select(i => $$"""{"id":"p{{i}}","problem":"{{i}}+123=?","answer":"{{i + 123}}"}"""));
        File.WriteAllText(Path.Combine(project, "r.yaml"), Recipe.Replace("task: { name: arithmetic, level: 2 }", "train: data/train.jsonl")
            .Replace("evaluate: { benchmarks: [held-out@1], problems: 2 }", "evaluate: { benchmarks: [train@1], problems: 2 }"));
        void Tenon(string where, params string[] arguments)
        {
            var (exit, _, error) = TenonProcess.RunIn(where, arguments);
            exit.ShouldBe(0, error);
        }

        Tenon(project, "train", "r.yaml", "--output", "runs/a");
        Directory.Delete(Path.Combine(project, "runs", "a", "checkpoints", "3"), recursive: true);
        Tenon(other, "train", "--resume", Path.Combine(project, "runs", "a"));

        Directory.Move(Path.Combine(project, "runs", "a"), Path.Combine(other, "renamed"));
        Directory.Delete(Path.Combine(other, "renamed", "checkpoints", "3"), recursive: true);
        Tenon(other, "train", "--resume", "renamed");

        Tenon(project, "train", "r.yaml", "--set", "steps=2", "--output", "first");
        Directory.Move(Path.Combine(project, "first", "checkpoints", "2"), Path.Combine(project, "start"));
        File.WriteAllText(Path.Combine(project, "s.yaml"),
            File.ReadAllText(Path.Combine(project, "r.yaml"))
            .Replace("adapter: { method: lora, rank: 2, alpha: 4, targets: [q_proj] }", "adapter: { from: start }"));
        Tenon(project, "train", "s.yaml", "--output", "second");
        Directory.Delete(Path.Combine(project, "second", "checkpoints", "3"), recursive: true);
        Directory.Delete(Path.Combine(project, "start"), recursive: true);
        var moved = Path.Combine(_runs.Folder, "moved");
        Directory.Move(project, moved);
        Tenon(_runs.Folder, "train", "--resume", Path.Combine(moved, "second"));
    }

    private string Train(string name, params string[] overrides)
    {
        var run = _runs.RunFolder(name);
        var call =
            Call.Tenon(
            ["train", _runs.Recipe(Recipe), "--output", run, "--threads", "2", .. overrides.SelectMany(o => (string[])["--set", o])]);
        call.Exit.ShouldBe(0, call.Error);
        return run;
    }

    private string Copy(string run, string name)
    {
        var to = _runs.RunFolder(name);
        CopyFolder(run, to);
        return to;
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.GetDirectories(from)) CopyFolder(folder, Path.Combine(to, Path.GetFileName(folder)));
        foreach (var file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }

    private static void Damage(string file, string how)
    {
        var bytes = File.ReadAllBytes(file);
        if (how == "missing") File.Delete(file);
        else
            File.WriteAllBytes(file,
                how switch
                {
                    "empty" => [],
                    "half" => bytes[..(bytes.Length / 2)],
                    _ =>
                [.. bytes.Select((b, i) => i % 7 == 3 ? (byte)(b ^ 0x55) : b)]
                });
    }
}
