using System.Reflection;
using Tenon.Cli.Display;

namespace Tenon.Tests.Support;

/// <summary>The sentences of an assembly's documentation file, so that a page of the documentation says what the code says.</summary>
internal static class XmlDocs
{
    private static readonly Dictionary<Assembly, Sentences> s_read = [];

    public static Sentences Of(Assembly assembly)
    {
        lock (s_read)
        {
            if (s_read.TryGetValue(assembly, out var known)) return known;
            using var xml = File.OpenRead(Path.ChangeExtension(assembly.Location, ".xml"));
            return s_read[assembly] = new Sentences(xml);
        }
    }
}
