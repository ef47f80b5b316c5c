using Tenon.Adapters.Peft;

namespace Tenon.Adapters;

/// <summary>Patterns of numbers in an option, matched as C3A, FourierFT and WaveFT do, <c>.*\.KEY$</c>.</summary>
internal static class OptionPattern
{
    public static Func<string, double?> Find(IReadOnlyDictionary<string, double> pattern)
    {
        var compiled = pattern.Select(p => (Regex: new PythonRegex($@".*\.{p.Key}$", "pattern"), p.Value)).ToList();
        return path =>
        {
            foreach (var (regex, value) in compiled)
                if (regex.Match(path)) return value;
            return pattern.TryGetValue(path, out var exact) ? exact : null;
        };
    }
}
