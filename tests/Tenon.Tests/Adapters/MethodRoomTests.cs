using System.Text.RegularExpressions;
using Tenon.Adapters;
using Tenon.Adapters.Peft;
using Tenon.Tests.Support;

namespace Tenon.Tests.Adapters;

/// <summary>A method is one file, in both directions: what is particular to it stands in no other room.</summary>
public class MethodRoomTests
{
    private static readonly string[] S_methodFiles = Directory.GetFiles(Repository.Path("src/Tenon.Adapters/Methods"), "*.cs");

    /// <summary>Source files outside of the methods' folder.</summary>
    private static IEnumerable<(string Path, string Text)> Others() =>
        Directory.GetFiles(Repository.Path("src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split('/', '\\').Any(part => part is "obj" or "bin") && !S_methodFiles.Contains(file))
            .Select(file => (Path.GetRelativePath(Repository.Path("src"), file), File.ReadAllText(file)));

    [Fact]
    public void No_other_file_names_a_type_of_a_method()
    {
        // LoRA's configuration is the common tongue of every program that reads adapters, and so of conversion and targets too.
        var types = typeof(AdapterMethod).Assembly.GetTypes()
            .Where(type => type is { Namespace: "Tenon.Adapters.Methods", DeclaringType: null } && type.Name != "LoraPeft")
            .Select(type => Regex.Escape(type.Name.Split('`')[0])).Where(name => !name.StartsWith('<')).ToList();
        types.Count.ShouldBeGreaterThan(AdapterMethod.All.Count);
        var named = new Regex($@"\b(is|is not|as|new|case|typeof\(|OfType<|Methods\.)\s*({string.Join('|', types)})\b(?!\s*[=,;]\s*)");
        Others().Where(file => file.Text.Contains("Tenon.Adapters", StringComparison.Ordinal))
            .SelectMany(file => named.Matches(file.Text).Select(match => $"{file.Path}: {match.Value}")).ShouldBeEmpty();
    }

    [Fact]
    public void No_other_file_asks_for_a_method_by_its_name_or_its_type_in_PEFT()
    {
        // Of the methods, plain LoRA is what a recipe has that names none, and the name of one is a key of every method too.
        var shared = SettingNames.Keys(typeof(AdapterSettings)).Select(key => SettingNames.KeyOf(key.Name)).Append(AdapterSettings.Plain);
        var names = AdapterMethod.All.Keys.Except(shared).Concat(PeftConfig.Types)
            .Select(name => $"\"{name}\"").ToList();
        Others().SelectMany(file => names.Where(name => file.Text.Contains(name, StringComparison.Ordinal))
            .Select(name => $"{file.Path}: {name}")).ShouldBeEmpty();
    }

    [Fact]
    public void Every_type_of_PEFT_that_is_read_belongs_to_a_method_and_has_its_fields()
    {
        PeftConfig.Types.Count.ShouldBe(24);
        foreach (var type in PeftConfig.Types)
            PeftConfig.Create(type)["peft_type"]!.GetValue<string>().ShouldBe(type);
    }

    [Fact]
    public void No_two_methods_share_a_spelling()
    {
        var spellings = AdapterMethod.All.Values.SelectMany(method => method.Aliases.Append(method.Name)).ToList();
        spellings.Distinct().Count().ShouldBe(spellings.Count);
        foreach (var (alias, method) in AdapterAliases.Methods) AdapterAliases.MethodOf(alias).ShouldBe(method);
    }
}
