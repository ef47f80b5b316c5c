using System.Globalization;
using System.Text.RegularExpressions;

namespace Tenon.Studies;

/// <summary>
/// Files that let a cluster's own scheduler start processes which take part in a study: by joining (<c>tenon study --join FOLDER</c>; the
/// study's folder must lie where all of them see it), or as workers of a live cluster.
/// </summary>
public static partial class StudyExport
{
    /// <summary>The forms there are.</summary>
    public static IReadOnlyList<string> Forms { get; } = ["slurm", "k8s", "k8s-cluster"];

    /// <summary>A file's text.</summary>
    /// <param name="form">
    /// <c>slurm</c> (a job array for <c>sbatch</c>), <c>k8s</c> (an indexed Job) or <c>k8s-cluster</c> (workers of a live cluster, and a
    /// Job that gives them the cells).
    /// </param>
    /// <param name="folder">The study's folder.</param>
    /// <param name="workers">Processes.</param>
    /// <param name="threads">Cores of each.</param>
    /// <param name="memory">Memory of each, in gigabytes.</param>
    /// <param name="image">The container that holds <c>tenon</c> (k8s).</param>
    public static string Text(string form, string folder, int workers, int threads, int memory, string image)
    {
        var path = Path.GetFullPath(folder);
        var name = Name(Path.GetFileName(Path.TrimEndingDirectorySeparator(path)));
        return form switch
        {
            "slurm" => Slurm(name, path, workers, threads, memory),
            "k8s" => KubernetesExport.Job(name, path, workers, threads, memory, image),
            _ => KubernetesExport.Cluster(name, path, workers, threads, memory, image),
        };
    }

    private static string Slurm(string name, string folder, int workers, int threads, int memory) =>
        string.Create(CultureInfo.InvariantCulture,
        $"""
        #!/bin/bash
        # Workers of a study: each takes cells that are free, and ends when none is left. A worker that is stopped or dies loses nothing:
        # another goes on with its cell from the last checkpoint.
        #SBATCH --job-name=tenon-{name}
        #SBATCH --array=1-{workers}
        #SBATCH --ntasks=1
        #SBATCH --cpus-per-task={threads}
        #SBATCH --mem={memory}G
        #SBATCH --signal=TERM@120
        #SBATCH --requeue
        #SBATCH --output={folder}/worker-%a.log
        exec tenon study --join {Quoted(folder)} --jobs 1 --threads "$SLURM_CPUS_PER_TASK"

        """);

    // Names of jobs and claims: lower case letters, digits and dashes, at most 50 of them.
    private static string Name(string folder)
    {
        var name = Odd().Replace(folder.ToLowerInvariant(), "-").Trim('-');
        return name.Length == 0 ? "study" : name[..Math.Min(50, name.Length)].Trim('-');
    }

    private static string Quoted(string path) => $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Odd();
}
