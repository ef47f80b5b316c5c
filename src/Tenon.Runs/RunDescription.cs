using System.Text.Json.Nodes;

namespace Tenon.Runs;

/// <summary>What <c>run.json</c> says of a run: the resolved recipe, and what the numbers depend on beside it.</summary>
public sealed record RunDescription
{
    /// <summary>The verb that made the run and goes on with it.</summary>
    public string Verb { get; init; } = "train";

    /// <summary>The resolved recipe, all defaults filled in.</summary>
    public required JsonObject Recipe { get; init; }

    /// <summary>Version of the program.</summary>
    public string? Tenon { get; init; }

    /// <summary>Version of the numbers; another one is another run.</summary>
    public int? Numerics { get; init; }

    /// <summary><c>f32</c>, <c>bf16</c> ...</summary>
    public string? Precision { get; init; }

    /// <summary>Instructions of the CPU that it began on.</summary>
    public string? Tier { get; init; }

    /// <summary>Fingerprint of the model's file.</summary>
    public string? ModelFingerprint { get; init; }

    /// <summary>Fingerprint of the file of the model that teaches; null where none does.</summary>
    public string? TeacherFingerprint { get; init; }

    /// <summary>SHA-256 of the weights in memory.</summary>
    public string? WeightsSha256 { get; init; }

    /// <summary>SHA-256 of the data file; null for a task.</summary>
    public string? DataSha256 { get; init; }

    /// <summary>The adapter's method.</summary>
    public string? Method { get; init; }

    /// <summary>Trained parameters.</summary>
    public long? Trainable { get; init; }

    /// <summary>All parameters of the model.</summary>
    public long? Parameters { get; init; }

    /// <summary>Cores, operating system, runtime.</summary>
    public JsonObject? Machine { get; init; }

    /// <summary>When it began, UTC.</summary>
    public string? Started { get; init; }

    /// <summary>The folder it was begun in: relative paths of the recipe start there.</summary>
    public string? Home { get; init; }

    /// <summary>The same folder as seen from the run's.</summary>
    public string? HomeFromRun { get; init; }

    /// <summary>What was changed of the recipe since it began: one object a change, with the step it was made after.</summary>
    public JsonArray? Changes { get; init; }

    /// <summary>The whole object as it was read, with keys that this version does not know.</summary>
    public JsonObject Json { get; init; } = [];

    /// <summary>The file's object.</summary>
    public JsonObject ToJson()
    {
        var json = Fixed();
        if (TeacherFingerprint is not null) json["teacher_fingerprint"] = TeacherFingerprint;
        if (Home is not null) json["home"] = Home;
        if (HomeFromRun is not null) json["home_from_run"] = HomeFromRun;
        if (Changes is not null) json["changes"] = Changes.DeepClone();
        // What a later version wrote is kept.
        foreach (var (key, value) in Json)
            if (!json.ContainsKey(key)) json[key] = value?.DeepClone();
        return json;
    }

    private JsonObject Fixed() => new()
    {
        ["verb"] = Verb,
        ["recipe"] = Recipe.DeepClone(),
        ["tenon"] = Tenon,
        ["numerics"] = Numerics,
        ["precision"] = Precision,
        ["tier"] = Tier,
        ["model_fingerprint"] = ModelFingerprint,
        ["weights_sha256"] = WeightsSha256,
        ["data_sha256"] = DataSha256,
        ["method"] = Method,
        ["trainable"] = Trainable,
        ["parameters"] = Parameters,
        ["machine"] = Machine?.DeepClone(),
        ["started"] = Started,
    };

    /// <summary>Reads the object of a file; missing keys are null, so that folders of earlier versions read.</summary>
    public static RunDescription From(JsonObject json) => new()
    {
        Verb = RunJson.Text(json["verb"]) ?? "train",
        Recipe = json["recipe"] as JsonObject ?? [],
        Tenon = RunJson.Text(json["tenon"]),
        Numerics = (int?)RunJson.Whole(json["numerics"]),
        Precision = RunJson.Text(json["precision"]),
        Tier = RunJson.Text(json["tier"]),
        ModelFingerprint = RunJson.Text(json["model_fingerprint"]),
        TeacherFingerprint = RunJson.Text(json["teacher_fingerprint"]),
        WeightsSha256 = RunJson.Text(json["weights_sha256"]),
        DataSha256 = RunJson.Text(json["data_sha256"]),
        Method = RunJson.Text(json["method"]),
        Trainable = RunJson.Whole(json["trainable"]),
        Parameters = RunJson.Whole(json["parameters"]),
        Machine = json["machine"] as JsonObject,
        Started = RunJson.Text(json["started"]),
        Home = RunJson.Text(json["home"]),
        HomeFromRun = RunJson.Text(json["home_from_run"]),
        Changes = json["changes"] as JsonArray,
        Json = json,
    };
}
