using Tenon.Models;
using Tenon.Runs;
using Tenon.Training.Settings;

namespace Tenon.Recipes;

/// <summary>A run's folder opened to go on: what its <c>run.json</c> says, with what it is told anew.</summary>
/// <param name="Folder">The folder, locked.</param>
/// <param name="Description">The description, with the changes of this call.</param>
/// <param name="Home">Where the files of its recipe are.</param>
/// <param name="Settings">The settings as they run.</param>
/// <param name="Notices">What changes.</param>
internal sealed record BegunRun<T>(RunFolder Folder, RunDescription Description, RunHome Home, T Settings, IReadOnlyList<string> Notices)
    where T : ISettings, new()
{
    /// <summary>
    /// Opens the folder and makes the run from it; <paramref name="make"/> gives the model, its name and its data, which must be what the
    /// run began with.
    /// </summary>
    /// <exception cref="TenonException">No run, one of another verb, a damaged one, or one whose model, data or numerics have
    /// changed.</exception>
    public static TRun Open<TRun>(string folder, string verb, ResumeOptions options,
        Func<BegunRun<T>, (TRun Run, CausalModel Model, string? ModelName, DataSettings Data)> make)
        where TRun : IDisposable
    {
        var run = RunFolder.Open(folder);
        IDisposable? made = null;
        try
        {
            var notices = new List<string>();
            var description = run.ReadDescription();
            var home = RunHome.Of(run, description);
            var settings = RunIdentity.Recipe<T>(run, ref description, verb, options.Recipe, options.Overrides, notices.Add);
            var (result, model, name, data) = make(new BegunRun<T>(run, description, home, settings, notices));
            made = result;
            RunIdentity.RequireSame(description, model, name, data, home, options.Force);
            if (description.Changes is not null) run.WriteRun(description);
            return result;
        }
        catch
        {
            made?.Dispose();
            run.Dispose();
            throw;
        }
    }
}
