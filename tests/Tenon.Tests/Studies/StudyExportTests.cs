using System.Diagnostics;
using k8s;
using k8s.Models;
using Tenon.Studies;
using Tenon.Tests.Cli;
using Tenon.Tests.Support;

namespace Tenon.Tests.Studies;

/// <summary>Files that start a study's workers on a cluster.</summary>
public class StudyExportTests
{
    [Fact]
    public void A_job_of_kubernetes_is_one_that_its_own_models_read()
    {
        var job = KubernetesYaml.Deserialize<V1Job>(StudyExport.Text("k8s", "/shared/Perl Tiny", 8, 2, 4, "registry/tenon:1"), strict: true);
        job.Kind.ShouldBe("Job");
        job.Metadata.Name.ShouldBe("tenon-perl-tiny");
        job.Spec.Completions.ShouldBe(8);
        job.Spec.CompletionMode.ShouldBe("Indexed");
        var container = job.Spec.Template.Spec.Containers.Single();
        container.Image.ShouldBe("registry/tenon:1");
        container.Command.ShouldBe(["tenon", "study", "--join", "/shared/Perl Tiny", "--jobs", "1", "--threads", "2"]);
        container.Resources.Requests["memory"].ToString().ShouldBe("4Gi");
        container.VolumeMounts.Single().MountPath.ShouldBe("/shared/Perl Tiny");
        job.Spec.Template.Spec.Volumes.Single().PersistentVolumeClaim.ClaimName.ShouldBe("tenon-perl-tiny");
    }

    [Fact]
    public void A_job_array_of_slurm_is_a_script_that_bash_reads()
    {
        using var folder = new TemporaryFolder();
        var text = StudyExport.Text("slurm", "/shared/it's mine", 8, 2, 4, "");
        text.ShouldStartWith("#!/bin/bash\n");
        text.ShouldContain("#SBATCH --array=1-8\n");
        text.ShouldContain("#SBATCH --cpus-per-task=2\n");
        text.ShouldContain("--join '/shared/it'\\''s mine'");
        if (OperatingSystem.IsWindows()) return;
        using var bash = Process.Start("bash", ["-n", folder.File("workers.sh", text)]);
        bash.WaitForExit();
        bash.ExitCode.ShouldBe(0);
    }

    [Fact]
    public void The_verb_writes_the_file_and_refuses_another_form()
    {
        using var folder = new TemporaryFolder();
        var recipe = folder.File("study.yaml", """
            base: { model: tiny, data: { task: { name: arithmetic, level: 1 } }, steps: 1 }
            seeds: [1, 2]
            """);
        var script = folder.File("workers.sh");
        var call = Call.Tenon("study", recipe, "--output", folder.File("study"), "--export", "slurm", script, "--workers", "3");
        call.Exit.ShouldBe(0, call.Error);
        File.ReadAllText(script).ShouldContain("--array=1-3");
        Call.Tenon("study", "--resume", folder.File("study"), "--export", "lsf", script).Exit.ShouldBe(2);
    }
}
