using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Tenon.Tests.Support;

/// <summary>The sentences of XML documentation, so that a page of the documentation says what the code says.</summary>
internal sealed partial class XmlDocs(Assembly assembly)
{
    private readonly Dictionary<string, XElement> _members = XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml"))
        .Descendants("member").ToDictionary(member => member.Attribute("name")!.Value);

    public string Of(PropertyInfo property) => Summary($"P:{property.DeclaringType!.FullName}.{property.Name}");

    public string Of(Type type) => Summary($"T:{type.FullName}");

    public string OfField(Type type, string name) => Summary($"F:{type.FullName}.{name}");

    private string Summary(string name)
    {
        if (!_members.TryGetValue(name, out var member) || member.Element("summary") is not { } summary) return "";
        var text = string.Concat(summary.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "see" } see => "`" + Kebab(see.Attribute("cref")!.Value.Split('.')[^1]) + "`",
            XElement element => element.Value,
            _ => node.ToString(),
        }));
        return Spaces().Replace(System.Net.WebUtility.HtmlDecode(text), " ").Trim();
    }

    private static string Kebab(string name) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
