using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Tenon.Cli.Display;

/// <summary>
/// The sentences that stand at the members of an assembly (its XML documentation), as plain text: what a page or a command says of a
/// setting.
/// </summary>
internal sealed partial class Sentences
{
    private readonly Dictionary<string, XElement> _members;

    /// <summary>From a documentation file.</summary>
    public Sentences(Stream xml) =>
        _members = XDocument.Load(xml).Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);

    /// <summary>Those of the adapters, which are part of the program.</summary>
    public static Sentences OfAdapters()
    {
        using var xml = typeof(Sentences).Assembly.GetManifestResourceStream("Tenon.Adapters.xml")
            ?? throw new TenonException("the sentences of the adapters' options", "a resource of this program", "none",
            "this build was made without it");
        return new Sentences(xml);
    }

    /// <summary>What is said of a property; empty where nothing is.</summary>
    public string Of(PropertyInfo property) => Summary($"P:{property.DeclaringType!.FullName}.{property.Name}");

    /// <summary>What is said of a type.</summary>
    public string Of(Type type) => Summary($"T:{type.FullName}");

    /// <summary>What is said of a field or an enum's value.</summary>
    public string OfField(Type type, string name) => Summary($"F:{type.FullName}.{name}");

    private string Summary(string name)
    {
        if (!_members.TryGetValue(name, out var member) || member.Element("summary") is not { } summary) return "";
        var text = string.Concat(summary.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "see" } see => "`" + SettingNames.KeyOf(see.Attribute("cref")!.Value.Split('.')[^1]) + "`",
            XElement element => element.Value,
            _ => node.ToString(),
        }));
        return Spaces().Replace(System.Net.WebUtility.HtmlDecode(text), " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
