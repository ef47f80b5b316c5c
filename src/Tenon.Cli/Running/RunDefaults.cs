using System.Text.Json.Nodes;
using Tenon.Training.Settings;

namespace Tenon.Cli.Running;

/// <summary>The recipe of default settings, against which a report tells what a run chose.</summary>
internal static class RunDefaults
{
    /// <summary>Every key with its default.</summary>
    public static JsonNode? Recipe => SettingsJson.Write(new RunSettings());
}
