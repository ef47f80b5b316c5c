using System.Reflection;
using Tenon.Cli.Display;

namespace Tenon.Tests.Support;

/// <summary>The sentences of an assembly's documentation file, so that a page of the documentation says what the code says.</summary>
internal static class XmlDocs
{
    private static readonly Dictionary<Assembly, Sentences> S_read = [];

    public static Sentences Of(Assembly assembly)
    {
        lock (S_read)
        {
            if (S_read.TryGetValue(assembly, out var known)) return known;
            using var xml = File.OpenRead(Path.ChangeExtension(assembly.Location, ".xml"));
            return S_read[assembly] = new Sentences(xml);
        }
    }
}
