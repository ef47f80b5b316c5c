// adapter_config.json: every field of a PEFT type, written as json.dumps(indent=2, sort_keys=True) writes it.
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Text.Templates;

namespace Tenon.Adapters.Peft;

/// <summary>
/// The configuration of an adapter folder: all fields of its PEFT type. Reading fills in what the file leaves out and drops, with a note,
/// what the type does not have.
/// </summary>
public sealed class PeftConfig
{
    /// <summary>The file's name.</summary>
    public const string FileName = "adapter_config.json";

    private readonly JsonObject _fields;

    private PeftConfig(JsonObject fields, string source, IReadOnlyList<string> ignored)
    {
        _fields = fields;
        Source = source;
        IgnoredKeys = ignored;
    }

    /// <summary>The types that can be read and written (<c>LORA</c>, <c>LN_TUNING</c> ...).</summary>
    public static IReadOnlyCollection<string> Types => PeftFields.Types;

    /// <summary>What errors call the configuration: the file, or the type of one that was made here.</summary>
    public string Source { get; }

    /// <summary>The type, in capitals.</summary>
    public string PeftType => Text("peft_type")!;

    /// <summary>Keys of the file that the type does not have; PEFT drops them with a warning, and so does this.</summary>
    public IReadOnlyList<string> IgnoredKeys { get; }

    /// <summary>A configuration of a type with PEFT's defaults, for a causal model.</summary>
    public static PeftConfig Create(string peftType, string? baseModel = null)
    {
        var config = new PeftConfig(Defaults(peftType, $"a configuration of type '{peftType}'"), $"the {peftType} configuration", []);
        config["base_model_name_or_path"] = baseModel;
        config["task_type"] = "CAUSAL_LM";
        return config;
    }

    /// <summary>Reads <c>adapter_config.json</c> of a folder.</summary>
    public static PeftConfig Read(string folder)
    {
        var (json, path) = TextOf(folder);
        return Parse(json, path);
    }

    /// <summary>All fields of a folder's <c>adapter_config.json</c> as they stand there, of whatever type it is.</summary>
    public static JsonObject Fields(string folder)
    {
        var (json, path) = TextOf(folder);
        return ObjectOf(json, path);
    }

    private static (string Json, string Path) TextOf(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            throw new TenonException($"adapter folder '{folder}'", $"a file '{FileName}'", Directory.Exists(folder) ? "none"
                : "no such folder", "an adapter folder is what PEFT's save_pretrained writes");
        return (InputFile.ReadText(path, "adapter configuration"), path);
    }

    /// <summary>Reads a configuration; <paramref name="source"/> names it in errors. Only <c>peft_type</c> is mandatory.</summary>
    public static PeftConfig Parse(string json, string source)
    {
        var given = ObjectOf(json, source);
        if (given["peft_type"] is not JsonValue type || type.GetValueKind() != JsonValueKind.String)
            throw new TenonException(source, "a key 'peft_type' with one of " + string.Join(", ", Types), given["peft_type"]?.ToJsonString()
                ?? "none");
        var fields = Defaults(type.GetValue<string>(), source);
        fields["peft_version"] = null;
        var ignored = new List<string>();
        foreach (var (key, value) in given)
        {
            if (fields.ContainsKey(key)) fields[key] = value?.DeepClone();
            else ignored.Add(key);
        }
        return new PeftConfig(fields, source, ignored);
    }

    private static JsonObject ObjectOf(string json, string source)
    {
        JsonNode? root;
        try
        {
            root = PythonJson.Parse(json);
        }
        catch (JsonException e)
        {
            throw JsonFault.Error(source, e, json);
        }
        return root as JsonObject
            ?? throw new TenonException(source, "a JSON object", root is null ? "null"
            : $"a JSON {root.GetValueKind().ToString().ToLowerInvariant()}");
    }

    /// <summary>True where the type has a field of that name.</summary>
    public bool Has(string field) => _fields.ContainsKey(field);

    /// <summary>
    /// A field's value as JSON (null for JSON's null and for a field that the type lacks); only fields of the type can be set.
    /// </summary>
    public JsonNode? this[string field]
    {
        get => _fields[field];
        set => _fields[field] = Has(field) ? value
            : throw new TenonException(Source, $"a field of {PeftType}", $"'{field}'",
            $"it has {string.Join(", ", _fields.Select(f => f.Key))}", usage: true);
    }

    /// <summary>An integer field.</summary>
    public int Int(string field) =>
        _fields[field] is JsonValue v && v.GetValueKind() == JsonValueKind.Number && int.TryParse(v.ToJsonString(), out var i) ? i
        : throw Wrong(field, "an integer");

    /// <summary>A number.</summary>
    public double Number(string field) => NumberOf(_fields[field]) ?? throw Wrong(field, "a number");

    /// <summary>A boolean; null counts as false.</summary>
    public bool Flag(string field) => _fields[field] switch
    {
        null => false,
        { } v when v.GetValueKind() is JsonValueKind.True or JsonValueKind.False => v.GetValueKind() == JsonValueKind.True,
        _ => throw Wrong(field, "true or false"),
    };

    /// <summary>A string, or null.</summary>
    public string? Text(string field) => _fields[field] switch
    {
        null => null,
        JsonValue v when v.GetValueKind() == JsonValueKind.String => v.GetValue<string>(),
        _ => throw Wrong(field, "a string"),
    };

    /// <summary>A list of strings, or null. A string alone counts as a list of one.</summary>
    public IReadOnlyList<string>? Texts(string field) => _fields[field] switch
    {
        null => null,
        JsonValue v when v.GetValueKind() == JsonValueKind.String => [v.GetValue<string>()],
        JsonArray a when a.All(i => i?.GetValueKind() == JsonValueKind.String) => [.. a.Select(i => i!.GetValue<string>())],
        _ => throw Wrong(field, "a string or a list of strings"),
    };

    /// <summary>A list of integers, or null. An integer alone counts as a list of one.</summary>
    public IReadOnlyList<int>? Ints(string field)
    {
        var items = _fields[field] switch { null => null, JsonArray a => a.ToArray(), var one => [one] };
        return items?.Select(i => i is JsonValue v && v.GetValueKind() == JsonValueKind.Number && int.TryParse(v.ToJsonString(), out var n)
            ? n : throw Wrong(field, "an integer or a list of integers")).ToList();
    }

    /// <summary>A dictionary of patterns to numbers (<c>rank_pattern</c>, <c>alpha_pattern</c> ...), in the file's order.</summary>
    public PeftPatterns Patterns(string field) => _fields[field] switch
    {
        null => new PeftPatterns([]),
        JsonObject o =>
            new PeftPatterns(o.Select(p => KeyValuePair.Create(p.Key, NumberOf(p.Value) ?? throw Wrong(field, "numbers by pattern"))),
            field),
        _ => throw Wrong(field, "a dictionary of patterns"),
    };

    /// <summary>Throws with everything that PEFT refuses when the configuration is made or the layers are.</summary>
    public PeftConfig Validate()
    {
        var faults = PeftRules.Faults(this);
        if (faults.Count == 0) return this;
        throw new TenonException(Source, "a valid configuration", string.Join("; ", faults), usage: true);
    }

    /// <summary>The file's text: every field of the type, keys sorted, two spaces an indent, ASCII, no line end at its end.</summary>
    public string ToJson(int indent = 2) => PythonJson.Dump(_fields, indent, sortKeys: true);

    /// <summary>Writes <c>adapter_config.json</c> into a folder that exists, through a temporary name.</summary>
    public void Write(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var temporary = path + ".tmp";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            stream.Write(System.Text.Encoding.ASCII.GetBytes(ToJson()));
            stream.Flush(flushToDisk: true);
        }
        AtomicFile.MoveFile(temporary, path);
    }

    internal static double? NumberOf(JsonNode? value) =>
        value is JsonValue v && v.GetValueKind() == JsonValueKind.Number
        ? double.Parse(v.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture) : null;

    private static JsonObject Defaults(string type, string source) =>
        PeftFields.Defaults(type) ?? throw new TenonException(source, "peft_type one of " + string.Join(", ", Types), $"'{type}'",
        Types.FirstOrDefault(t => t.Equals(type, StringComparison.OrdinalIgnoreCase)) is { } capitals
        ? $"types are written in capitals: {capitals}" : null);

    private TenonException Wrong(string field, string expected) =>
        new($"'{field}' of {Source}", expected, _fields[field]?.ToJsonString() ?? (Has(field) ? "null" : "no such field"));
}
