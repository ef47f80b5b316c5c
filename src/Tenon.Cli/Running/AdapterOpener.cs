using Tenon.Adapters;
using Tenon.Models;

namespace Tenon.Cli.Running;

/// <summary>Opens an adapter folder on a model for the verbs that take <c>--adapter</c>.</summary>
internal static class AdapterOpener
{
    /// <summary>The adapter, attached.</summary>
    public static AdapterSet Open(CausalModel model, string folder) => PeftFolder.Load(model, folder);
}
