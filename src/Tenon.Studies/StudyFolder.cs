using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Tenon.Runs;

namespace Tenon.Studies;

/// <summary>
/// A study on disk: <c>plan.json</c> (what is studied), <c>runs/CELL/</c> (ordinary run folders), <c>cells/CELL.json</c> (what became of
/// each), <c>spectra/CELL.json</c> (where its final update lies), <c>leases/</c> (who works on what), and the results:
/// <c>study.json</c>, <c>tables/</c>, <c>report.html</c>.
/// </summary>
internal sealed class StudyFolder
{
    private readonly ConcurrentDictionary<string, CellResult> _ended = [];

    private StudyFolder(string path) => Folder = Path.GetFullPath(path);

    public string Folder { get; }

    public string PlanFile => Path.Combine(Folder, "plan.json");

    public string ResultFile => Path.Combine(Folder, "study.json");

    public string ReportFile => Path.Combine(Folder, "report.html");

    public string Tables => Path.Combine(Folder, "tables");

    public string Leases => Path.Combine(Folder, "leases");

    /// <summary>A folder for cells alone, without a plan.</summary>
    public static StudyFolder At(string path) => new(path);

    public static bool IsStudy(string path) => File.Exists(Path.Combine(path, "plan.json"));

    /// <summary>
    /// Begins a study, or takes up one that stands there: its recipe may have changed, for every cell is known by what decides its result.
    /// </summary>
    public static StudyFolder Create(string path, string recipeText, string recipeName, string recipeFolder, StudyRecipe recipe)
    {
        var folder = new StudyFolder(path);
        if (File.Exists(folder.Folder))
            throw new TenonException($"the output folder {path} is a file", "a new or empty folder, or a study", usage: true);
        if (!IsStudy(path) && Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any(e => Path.GetFileName(e) != ".tmp"))
            throw new TenonException($"the output folder {path} holds other files", "a new or empty folder, or a study",
                "files that belong to no study", "choose another --output", usage: true);
        var plan = new JsonObject
        {
            ["name"] = recipeName, ["recipe"] = recipeText, ["folder"] = recipeFolder, ["base"] = recipe.BaseText,
            ["base-name"] = recipe.BaseName, ["home"] = Directory.GetCurrentDirectory(),
        };
        AtomicFile.WriteText(folder.PlanFile, plan.ToJsonString(RunJson.Indented) + "\n");
        CellLease.RequireExclusive(folder.Leases);
        return folder;
    }

    /// <summary>Opens a study with its recipe and the folder that relative paths of it begin in.</summary>
    public static (StudyFolder Folder, StudyRecipe Recipe, string Home) Open(string path)
    {
        var folder = new StudyFolder(path);
        if (!IsStudy(path))
            throw new TenonException($"{path} is no study", "a folder with a plan.json", Directory.Exists(path) ? "a folder without one"
                : "nothing there", "begin one: tenon study RECIPE --output DIR", usage: true);
        var plan = RunJson.Parse(InputFile.ReadText(folder.PlanFile, "the study's plan"));
        if (RunJson.Text(plan?["recipe"]) is not { } text || RunJson.Text(plan?["base"]) is not { } baseText)
            throw new TenonException($"{folder.PlanFile} is damaged", "what the study wrote there", "no recipe",
                "call tenon study RECIPE --output DIR again: finished cells are kept", usage: true);
        CellLease.RequireExclusive(folder.Leases);
        var recipe = StudyRecipeReader.Parse(text, RunJson.Text(plan!["name"]) ?? path, RunJson.Text(plan["folder"]) ?? ".",
            (baseText, RunJson.Text(plan["base-name"]) ?? "base"));
        return (folder, recipe, RunJson.Text(plan["home"]) ?? Directory.GetCurrentDirectory());
    }

    public string RunOf(StudyCell cell) => Path.Combine(Folder, "runs", cell.Id);

    /// <summary>What became of a cell; null where it is not done. A record is written once, so it is read once.</summary>
    public CellResult? ResultOf(StudyCell cell)
    {
        if (_ended.TryGetValue(cell.Id, out var known)) return known;
        var path = RecordOf(cell);
        try
        {
            return File.Exists(path) && CellResult.Read(SharedFile.ReadText(path)) is { } read ? _ended.GetOrAdd(cell.Id, read) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void WriteResult(StudyCell cell, CellResult result) =>
        AtomicFile.WriteText(RecordOf(cell), result.ToJson().ToJsonString(RunJson.Indented) + "\n");

    /// <summary>Where the final update of a cell lies in its base's spectrum; null where that was not looked at.</summary>
    public JsonObject? SpectrumOf(StudyCell cell) =>
        File.Exists(SpectrumFile(cell)) ? RunJson.Parse(SharedFile.ReadText(SpectrumFile(cell))) : null;

    public void WriteSpectrum(StudyCell cell, JsonObject record) =>
        AtomicFile.WriteText(SpectrumFile(cell), record.ToJsonString(RunJson.Indented) + "\n");

    private string SpectrumFile(StudyCell cell) => Path.Combine(Folder, "spectra", cell.Id + ".json");

    private string RecordOf(StudyCell cell) => Path.Combine(Folder, "cells", cell.Id + ".json");
}
