using System.Text.Json.Nodes;
using Tenon.Adapters;
using Tenon.Adapters.Methods;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters;

/// <summary>Tenon's own record beside PEFT's files: what it says comes back, also as an earlier version wrote it.</summary>
public class AdapterRecordTests
{
    [Theory]
    [InlineData("q_proj,v_proj", "q_proj,v_proj")]
    [InlineData("all-linear", "all-linear")]
    [InlineData(@".*\.(q|v)_proj", @".*\.(q|v)_proj")]
    public void The_first_format_is_read(string targets, string expected)
    {
        using var folder = new TempFolder();
        var model = RandomModel.Create();
        var settings = new AdapterSettings
        {
            Method = "lora+", Rank = 4, Targets = targets, Seed = 11,
            Options = AdapterSettings.Texts(new Dictionary<string, string> { ["ratio"] = "8" }),
        };
        using (var set = AdapterMethod.Of("lora+").Create(model, settings)) PeftFolder.Save(set, folder.Path, "base");
        var path = folder["tenon_adapter.json"];
        var record = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        record["settings"] = new JsonObject
        {
            ["method"] = "lora+", ["rank"] = 4, ["alpha"] = null, ["targets"] = targets, ["dropout"] = 0, ["init"] = null, ["seed"] = 11,
            ["rank-pattern"] = new JsonObject(), ["alpha-pattern"] = new JsonObject(), ["exclude"] = new JsonArray(),
            ["layers"] = new JsonArray(), ["bias"] = "none",
            ["modules-to-save"] = new JsonArray(), ["trainable-tokens"] = new JsonArray(), ["trainable-head-tokens"] = new JsonArray(),
            ["options"] = new JsonObject { ["ratio"] = "8" },
        };
        record["format"] = 1;
        File.WriteAllText(path, record.ToJsonString());

        using var read = PeftFolder.Load(model, folder.Path);
        read.Settings.Targets.ToString().ShouldBe(expected);
        read.Settings.OptionsAs<LoraPlusOptions>().Ratio.ShouldBe(8);
        read.Settings.Rank.ShouldBe(4);
    }

    [Fact]
    public void What_was_written_comes_back()
    {
        using var folder = new TempFolder();
        var model = RandomModel.Create();
        var settings = new AdapterSettings { Method = "lora+", Rank = 3, Alpha = 5, Targets = "k_proj", Seed = 2 }.With("dora", "true");
        using (var set = AdapterMethod.Of("lora+").Create(model, settings)) PeftFolder.Save(set, folder.Path, "base");
        using var read = PeftFolder.Load(model, folder.Path);
        SettingsJson.Write(read.Settings).ToJsonString().ShouldBe(SettingsJson.Write(settings).ToJsonString());
        read.Start.SkipStart.ShouldBeTrue();
    }
}
