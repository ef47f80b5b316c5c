using System.Diagnostics;
using k8s;
using k8s.Models;
using Tenon.Cluster;
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
    public void A_live_cluster_of_kubernetes_is_objects_that_its_own_models_read()
    {
        using var folder = new TemporaryFolder();
        var objects = KubernetesYaml.LoadAllFromString(StudyExport.Text("k8s-cluster", "/shared/Perl Tiny", 8, 2, 4, "registry/tenon:1"),
            strict: true);
        objects.Select(one => ((IKubernetesObject)one).Kind).ShouldBe(["ConfigMap", "ServiceAccount", "Role", "RoleBinding", "Service",
            "Deployment", "Deployment", "Job"]);
        var file = folder.File("cluster.yaml", objects.OfType<V1ConfigMap>().Single().Data["cluster.yaml"]);
        var settings = ClusterSettings.Of(file);
        (settings.Members, settings.Hosting, settings.SecretFile).ShouldBe(("redis", "kubernetes", "/run/tenon/secret"));
        settings.Connection.ShouldStartWith(objects.OfType<V1Service>().Single().Metadata.Name);
        var workers = objects.OfType<V1Deployment>().Last().Spec;
        workers.Replicas.ShouldBe(8);
        var worker = workers.Template.Spec.Containers.Single();
        // Each variable that a worker must have, from the field that it must come from.
        worker.Env.Select(one => (one.Name, one.ValueFrom.FieldRef.FieldPath)).ShouldBe(KubernetesPod.Variables);
        worker.Command.Take(4).ShouldBe(["tenon", "worker", "--cluster", "/etc/tenon/cluster.yaml"]);
        workers.Template.Spec.ServiceAccountName.ShouldBe(objects.OfType<V1ServiceAccount>().Single().Metadata.Name);
        objects.OfType<V1Role>().Single().Rules.Single().Verbs.ShouldBe(["get", "list", "watch", "patch"]);
        var study = objects.OfType<V1Job>().Single().Spec.Template.Spec;
        study.Containers.Single().Command.ShouldBe(["tenon", "study", "--resume", "/shared/Perl Tiny", "--cluster",
            "/etc/tenon/cluster.yaml"]);
        study.Volumes.Single(one => one.PersistentVolumeClaim is not null).PersistentVolumeClaim.ClaimName.ShouldBe("tenon-perl-tiny");
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
