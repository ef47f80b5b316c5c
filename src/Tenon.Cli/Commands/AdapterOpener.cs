using Tenon.Adapters;
using Tenon.Models;

namespace Tenon.Cli.Commands;

/// <summary>Opens an adapter folder on a model for the verbs that take <c>--adapter</c>, and says what is odd about it.</summary>
internal static class AdapterOpener
{
    /// <summary>The adapter, attached.</summary>
    public static AdapterSet Open(CausalModel model, string folder, Terminal terminal)
    {
        AdapterCheck.RequireFolder(folder);
        var set = PeftFolder.Load(model, folder);
        foreach (var notice in set.Start.Notices) terminal.Note(notice);
        return set;
    }
}
